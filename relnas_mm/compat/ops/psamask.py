"""PSAMask: expands each pixel's attention window to the whole feature map."""

import torch
from torch import Tensor

__all__ = ["psamask_backward", "psamask_forward"]

COLLECT, DISTRIBUTE = range(2)


def psamask_forward(
    input: Tensor,
    output: Tensor,
    psa_type: int,
    num_: int,
    h_feature: int,
    w_feature: int,
    h_mask: int,
    w_mask: int,
    half_h_mask: int,
    half_w_mask: int,
) -> None:
    """Type 0 collects (far pixels are channels), 1 distributes (near pixels are channels)."""
    rows = _links(h_feature, h_mask, half_h_mask, input.device)
    index, linked = _pairs(rows, _links(w_feature, w_mask, half_w_mask, input.device), w_mask)
    pairs = input.flatten(2).gather(1, index.expand(num_, -1, -1)) * linked
    output.copy_((pairs if psa_type == COLLECT else pairs.transpose(1, 2)).reshape(output.shape))


def psamask_backward(
    grad_output: Tensor,
    grad_input: Tensor,
    psa_type: int,
    num_: int,
    h_feature: int,
    w_feature: int,
    h_mask: int,
    w_mask: int,
    half_h_mask: int,
    half_w_mask: int,
) -> None:
    """Gradient of the input, each entry of which is linked to one pair."""
    rows = _links(h_feature, h_mask, half_h_mask, grad_output.device)
    index, linked = _pairs(rows, _links(w_feature, w_mask, half_w_mask, grad_output.device), w_mask)
    pairs = grad_output.flatten(2)
    pairs = (pairs if psa_type == COLLECT else pairs.transpose(1, 2)) * linked
    grad_input.view(num_, h_mask * w_mask, -1).scatter_add_(1, index.expand(num_, -1, -1), pairs)


def _links(size: int, length: int, half: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """For each (far, near) along an axis: the position in the near pixel's window, and whether it is inside."""
    position = torch.arange(size, device=device)
    delta = position[:, None] - position[None, :] + half
    return delta, (delta >= 0) & (delta < length)


def _pairs(rows: tuple[Tensor, Tensor], columns: tuple[Tensor, Tensor], w_mask: int) -> tuple[Tensor, Tensor]:
    """For each pair (far pixel, near pixel): the mask channel that links them, and whether there is one."""
    index = (rows[0] * w_mask)[:, None, :, None] + columns[0][None, :, None, :]
    linked = rows[1][:, None, :, None] & columns[1][None, :, None, :]
    pixels = len(rows[0]) * len(columns[0])
    return (index * linked).reshape(1, pixels, pixels), linked.reshape(1, pixels, pixels)
