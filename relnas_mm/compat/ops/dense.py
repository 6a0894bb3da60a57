"""CARAFE, PSAMask and the two halves of the masked convolution."""

import torch
import torch.nn.functional as F

__all__ = [
    "carafe_backward",
    "carafe_forward",
    "carafe_naive_backward",
    "carafe_naive_forward",
    "masked_col2im_forward",
    "masked_im2col_forward",
    "psamask_backward",
    "psamask_forward",
]


def _carafe_steps(features, masks, kernel_size, group_size, scale_factor):
    """For each place of the window: the place, the features there, and its masks split into s x s blocks."""
    n, c, h, w = features.shape
    s, k = scale_factor, kernel_size
    padded = F.pad(features, [k // 2] * 4).view(n, group_size, c // group_size, h + k - 1, w + k - 1)
    masks = masks.view(n, group_size, 1, k * k, h, s, w, s)
    for i in range(k):
        for j in range(k):
            yield i, j, padded[..., i : i + h, j : j + w][..., :, None, :, None], masks[:, :, :, i * k + j]


def carafe_naive_forward(features, masks, output, kernel_size, group_size, scale_factor):
    """Each output pixel: the k x k window around its source pixel, weighted by that pixel's own mask."""
    total = 0
    for _, _, window, mask in _carafe_steps(features, masks, kernel_size, group_size, scale_factor):
        total = total + window * mask
    output.copy_(total.reshape(output.shape))


def carafe_naive_backward(
    grad_output, features, masks, grad_input, grad_masks, kernel_size, group_size, scale_factor
):
    """Gradients of features and masks."""
    n, c, h, w = features.shape
    g, s, k = group_size, scale_factor, kernel_size
    grad = grad_output.reshape(n, g, c // g, h, s, w, s)
    padded = grad.new_zeros(n, g, c // g, h + k - 1, w + k - 1)
    by_place = grad_masks.view(n, g, k * k, h, s, w, s)
    for i, j, window, mask in _carafe_steps(features, masks, k, g, s):
        padded[..., i : i + h, j : j + w] += (grad * mask).sum((4, 6))
        by_place[:, :, i * k + j] += (grad * window).sum(2)
    grad_input.add_(padded[..., k // 2 : k // 2 + h, k // 2 : k // 2 + w].reshape(n, c, h, w))


def carafe_forward(
    features, masks, rfeatures, routput, rmasks, output, kernel_size, group_size, scale_factor
):
    """The same; of the reordered copies that the compiled one makes, only the one kept for backward is filled."""
    rfeatures.copy_(features)
    carafe_naive_forward(features, masks, output, kernel_size, group_size, scale_factor)


def carafe_backward(
    grad_output,
    rfeatures,
    masks,
    rgrad_output,
    rgrad_input_hs,
    rgrad_input,
    rgrad_masks,
    grad_input,
    grad_masks,
    kernel_size,
    group_size,
    scale_factor,
):
    """The same."""
    carafe_naive_backward(
        grad_output, rfeatures, masks, grad_input, grad_masks, kernel_size, group_size, scale_factor
    )


def _psa_places(h_feature, w_feature, h_mask, w_mask, half_h_mask, half_w_mask, device):
    """For each pair (far pixel, near pixel): which mask channel links them, and whether one does."""

    def axis(size, length, half):
        place = torch.arange(size, device=device)
        delta = place[:, None] - place[None, :] + half  # far, near
        return delta, (delta >= 0) & (delta < length)

    rows, row_ok = axis(h_feature, h_mask, half_h_mask)
    columns, column_ok = axis(w_feature, w_mask, half_w_mask)
    pixels = h_feature * w_feature
    index = (rows * w_mask)[:, None, :, None] + columns[None, :, None, :]
    linked = row_ok[:, None, :, None] & column_ok[None, :, None, :]
    return (index * linked).reshape(1, pixels, pixels), linked.reshape(1, pixels, pixels)


def psamask_forward(
    input, output, psa_type, num_, h_feature, w_feature, h_mask, w_mask, half_h_mask, half_w_mask
):
    """psa_type 0 collects (far pixels are channels), 1 distributes (near pixels are channels)."""
    index, linked = _psa_places(h_feature, w_feature, h_mask, w_mask, half_h_mask, half_w_mask, input.device)
    pairs = input.flatten(2).gather(1, index.expand(num_, -1, -1)) * linked
    output.copy_((pairs if psa_type == 0 else pairs.transpose(1, 2)).reshape(output.shape))


def psamask_backward(
    grad_output, grad_input, psa_type, num_, h_feature, w_feature, h_mask, w_mask, half_h_mask, half_w_mask
):
    """Each linked pair belongs to exactly one entry of the input."""
    index, linked = _psa_places(
        h_feature, w_feature, h_mask, w_mask, half_h_mask, half_w_mask, grad_output.device
    )
    pairs = grad_output.flatten(2)
    pairs = (pairs if psa_type == 0 else pairs.transpose(1, 2)) * linked
    grad_input.view(num_, h_mask * w_mask, -1).scatter_add_(1, index.expand(num_, -1, -1), pairs)


def masked_im2col_forward(im, mask_h_idx, mask_w_idx, col, kernel_h, kernel_w, pad_h, pad_w):
    """The windows around the chosen pixels of one image, as columns."""
    padded = F.pad(im[0], (pad_w, pad_w, pad_h, pad_h))
    rows = mask_h_idx + torch.arange(kernel_h, device=im.device)[:, None, None]
    columns = mask_w_idx + torch.arange(kernel_w, device=im.device)[:, None]
    col.copy_(padded[:, rows, columns].reshape(col.shape))


def masked_col2im_forward(col, mask_h_idx, mask_w_idx, im, height, width, channels):
    """Writes the columns back at the chosen pixels."""
    im[0, :, mask_h_idx, mask_w_idx] = col
