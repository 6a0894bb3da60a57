"""Sample points of regions of interest, and bilinear interpolation, as in mmcv's kernels."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor


def sample_points(roi: Tensor, scale: float, size: tuple[int, int], ratio: int, aligned: bool) -> tuple[Tensor, Tensor]:
    """The sample points of one region.

    Args:
        roi: Image index, left, top, right, bottom in pixels, (5,).
        scale: Feature pixels per image pixel.
        size: Numbers of bins, vertical and horizontal.
        ratio: Samples per bin and axis; 0 means one per feature pixel.
        aligned: Whether to shift by half a pixel, and allow regions smaller than one pixel.

    Returns:
        y and x, each of shape (vertical bins, horizontal bins, samples).
    """
    left, top, right, bottom = (roi[1:] * scale - (0.5 if aligned else 0.0)).unbind()
    y = _axis(top, bottom - top, size[0], ratio, aligned)
    x = _axis(left, right - left, size[1], ratio, aligned)
    shape = size[0], size[1], y.shape[1], x.shape[1]
    return y[:, None, :, None].expand(shape).flatten(2), x[None, :, None, :].expand(shape).flatten(2)


def _axis(start: Tensor, extent: Tensor, bins: int, ratio: int, aligned: bool) -> Tensor:
    """The points along one axis, (bins, samples)."""
    extent = extent if aligned else extent.clamp(min=1)
    step = extent / bins
    count = ratio if ratio > 0 else max(math.ceil(float(step)), 0)
    inner = torch.arange(count, device=start.device, dtype=start.dtype) + 0.5
    bin_start = start + torch.arange(bins, device=start.device, dtype=start.dtype) * step
    return bin_start[:, None] + inner * step / max(count, 1)


def corners(y: Tensor, x: Tensor, height: int, width: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yields flat index and bilinear weight of the four pixels around each point; weight 0 outside [-1, size]."""
    inside = (y >= -1) & (y <= height) & (x >= -1) & (x <= width)
    y, x = y.clamp(0, height - 1), x.clamp(0, width - 1)
    top, left = y.detach().floor().long(), x.detach().floor().long()
    bottom, right = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
    dy, dx = y - top, x - left
    yield top * width + left, (1 - dy) * (1 - dx) * inside
    yield top * width + right, (1 - dy) * dx * inside
    yield bottom * width + left, dy * (1 - dx) * inside
    yield bottom * width + right, dy * dx * inside


def bilinear(feature: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Interpolates one feature map, (channels, height, width), at points y, x to (channels, *points)."""
    flat = feature.flatten(1)
    height, width = feature.shape[1:]
    return torch.stack([weight * flat[:, index] for index, weight in corners(y, x, height, width)]).sum(0)


def channel_planes(rois: Tensor, channels: int) -> Tensor:
    """Index of the (image, channel) plane that each region reads, (regions, channels)."""
    return rois[:, 0].long()[:, None] * channels + torch.arange(channels, device=rois.device)
