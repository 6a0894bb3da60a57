"""CARAFE: upsampling in which each output pixel is a window of the input weighted by a mask of its own."""

from collections.abc import Iterator

import torch.nn.functional as F
from torch import Tensor

__all__ = ["carafe_backward", "carafe_forward", "carafe_naive_backward", "carafe_naive_forward"]


def carafe_naive_forward(
    features: Tensor, masks: Tensor, output: Tensor, kernel_size: int, group_size: int, scale_factor: int
) -> None:
    """Each output pixel: the k x k window around its source pixel, weighted by that pixel's own mask."""
    total = output.new_zeros(())
    for _, _, window, mask in _window_positions(features, masks, kernel_size, group_size, scale_factor):
        total = total + window * mask
    output.copy_(total.reshape(output.shape))


def carafe_naive_backward(
    grad_output: Tensor,
    features: Tensor,
    masks: Tensor,
    grad_input: Tensor,
    grad_masks: Tensor,
    kernel_size: int,
    group_size: int,
    scale_factor: int,
) -> None:
    """Gradients of features and masks."""
    n, c, h, w = features.shape
    g, s, k = group_size, scale_factor, kernel_size
    grad = grad_output.reshape(n, g, c // g, h, s, w, s)
    padded = grad.new_zeros(n, g, c // g, h + k - 1, w + k - 1)
    by_position = grad_masks.view(n, g, k * k, h, s, w, s)
    for i, j, window, mask in _window_positions(features, masks, k, g, s):
        padded[..., i : i + h, j : j + w] += (grad * mask).sum((4, 6))
        by_position[:, :, i * k + j] += (grad * window).sum(2)
    grad_input.add_(padded[..., k // 2 : k // 2 + h, k // 2 : k // 2 + w].reshape(n, c, h, w))


def carafe_forward(
    features: Tensor,
    masks: Tensor,
    rfeatures: Tensor,
    routput: Tensor,
    rmasks: Tensor,
    output: Tensor,
    kernel_size: int,
    group_size: int,
    scale_factor: int,
) -> None:
    """As `carafe_naive_forward`; of the compiled operator's copies only `rfeatures`, for backward, is filled."""
    rfeatures.copy_(features)
    carafe_naive_forward(features, masks, output, kernel_size, group_size, scale_factor)


def carafe_backward(
    grad_output: Tensor,
    rfeatures: Tensor,
    masks: Tensor,
    rgrad_output: Tensor,
    rgrad_input_hs: Tensor,
    rgrad_input: Tensor,
    rgrad_masks: Tensor,
    grad_input: Tensor,
    grad_masks: Tensor,
    kernel_size: int,
    group_size: int,
    scale_factor: int,
) -> None:
    """As `carafe_naive_backward`, on the copy of the forward pass."""
    carafe_naive_backward(grad_output, rfeatures, masks, grad_input, grad_masks, kernel_size, group_size, scale_factor)


def _window_positions(
    features: Tensor, masks: Tensor, kernel_size: int, group_size: int, scale_factor: int
) -> Iterator[tuple[int, int, Tensor, Tensor]]:
    """Yields for each position of the window its row and column, the features there, and its masks in s x s blocks."""
    n, c, h, w = features.shape
    s, k = scale_factor, kernel_size
    padded = F.pad(features, [k // 2] * 4).view(n, group_size, c // group_size, h + k - 1, w + k - 1)
    masks = masks.view(n, group_size, 1, k * k, h, s, w, s)
    for i in range(k):
        for j in range(k):
            yield i, j, padded[..., i : i + h, j : j + w][..., :, None, :, None], masks[:, :, :, i * k + j]
