"""mmcv's RoIPool, which unlike torchvision's does not round boxes to whole pixels."""

import torch
from torch import Tensor

from relnas_mm.compat.ops.precision import supported_precision
from relnas_mm.compat.ops.sampling import channel_planes

__all__ = ["roi_pool_backward", "roi_pool_forward"]


def roi_pool_forward(
    input: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
) -> None:
    """Maximum of each bin, and its flat index in the feature map (-1 for an empty bin)."""
    height, width = input.shape[2:]
    argmax.fill_(-1)
    for n, roi in enumerate(rois.to(supported_precision(input).dtype)):
        left, top = roi[1] * spatial_scale, roi[2] * spatial_scale
        across, down = (roi[3] + 1) * spatial_scale - left, (roi[4] + 1) * spatial_scale - top
        if across <= 0 or down <= 0:
            continue
        rows, no_rows = _bin_lines(top, down, pooled_height, height)
        columns, no_columns = _bin_lines(left, across, pooled_width, width)
        indices = (rows[:, None, :, None] * width + columns[None, :, None, :]).flatten(2)
        best, where = input[int(roi[0])].flatten(1)[:, indices].max(-1)
        empty = no_rows[:, None] | no_columns[None, :]
        output[n] = best.masked_fill(empty, 0)
        chosen = indices.expand(*where.shape, -1).gather(-1, where[..., None])[..., 0]
        argmax[n] = chosen.masked_fill(empty, -1).to(argmax.dtype)


def roi_pool_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax: Tensor,
    grad_input: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
) -> None:
    """Gradient of the input: each bin's goes to the position of its maximum."""
    _, channels, height, width = grad_input.shape
    plane = channel_planes(rois, channels)[:, :, None, None] * (height * width)
    index = plane + argmax.clamp(min=0).long()
    grad_input.view(-1).index_add_(0, index.flatten(), (grad_output * (argmax >= 0)).flatten())


def _bin_lines(start: Tensor, extent: Tensor, bins: int, size: int) -> tuple[Tensor, Tensor]:
    """Row or column indices of each bin, (bins, longest bin), padded by repetition, and a mask of empty bins."""
    step = extent / bins
    number = torch.arange(bins + 1, device=start.device, dtype=start.dtype)
    first = (number[:-1] * step + start).floor().clamp(0, size).long()
    last = (number[1:] * step + start).ceil().clamp(0, size).long()
    longest = max(int((last - first).max()), 1)
    lines = first[:, None] + torch.arange(longest, device=start.device)
    return torch.minimum(lines, (last - 1)[:, None]).clamp(0, size - 1), last <= first
