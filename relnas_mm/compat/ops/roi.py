"""RoIAlign and deformable RoI pooling.  Regions are (n, 5): image index, left, top, right, bottom in pixels."""

import torch
import torchvision  # noqa: F401  (registers torch.ops.torchvision)
from torch import Tensor

from relnas_mm.compat.ops.precision import refuse_if_deterministic, supported_precision
from relnas_mm.compat.ops.sampling import bilinear, channel_planes, corners, sample_points

__all__ = ["deform_roi_pool_backward", "deform_roi_pool_forward", "roi_align_backward", "roi_align_forward"]

MAXIMUM, AVERAGE = range(2)


def roi_align_forward(
    input: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """RoIAlign.  Pool mode 1 averages (torchvision), 0 takes the maximum and records its position."""
    feature = supported_precision(input)
    rois = rois.to(feature.dtype)
    size = aligned_height, aligned_width
    if pool_mode == AVERAGE:
        align = torch.ops.torchvision.roi_align
        output.copy_(align(feature, rois, spatial_scale, *size, sampling_ratio, aligned))
        return
    for n, roi in enumerate(rois):
        y, x = sample_points(roi, spatial_scale, size, sampling_ratio, aligned)
        if y.shape[-1] == 0:  # no sample: mmcv's initial value
            output[n], argmax_y[n], argmax_x[n] = -10000, -1, -1
            continue
        best, where = bilinear(feature[int(roi[0])], y, x).max(-1)
        output[n] = best
        argmax_y[n] = y.expand(*where.shape, -1).gather(-1, where[..., None])[..., 0]
        argmax_x[n] = x.expand(*where.shape, -1).gather(-1, where[..., None])[..., 0]


def roi_align_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    grad_input: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Gradient of both modes."""
    refuse_if_deterministic("RoIAlign", grad_output)
    grad = supported_precision(grad_output)
    batch, channels, height, width = grad_input.shape
    if pool_mode == AVERAGE:
        shape = aligned_height, aligned_width, batch, channels, height, width
        backward = torch.ops.torchvision._roi_align_backward
        grad_input.copy_(backward(grad, rois.to(grad.dtype), spatial_scale, *shape, sampling_ratio, aligned))
        return
    plane = channel_planes(rois, channels)[:, :, None, None] * (height * width)
    total = grad.new_zeros(grad_input.numel())
    for index, weight in corners(supported_precision(argmax_y), supported_precision(argmax_x), height, width):
        total.index_add_(0, (index + plane).flatten(), (grad * weight * (argmax_y != -1)).flatten())
    grad_input.copy_(total.view_as(grad_input))


def deform_roi_pool_forward(
    input: Tensor,
    rois: Tensor,
    offset: Tensor,
    output: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    gamma: float,
) -> None:
    """RoIAlign (averaging, aligned) whose bins are shifted by `offset`, (n, 2, h, w), which may be empty."""
    size = pooled_height, pooled_width
    with torch.no_grad():
        output.copy_(_deform_roi_pool(input, rois, offset, size, spatial_scale, sampling_ratio, gamma))


def deform_roi_pool_backward(
    grad_output: Tensor,
    input: Tensor,
    rois: Tensor,
    offset: Tensor,
    grad_input: Tensor,
    grad_offset: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    gamma: float,
) -> None:
    """Gradients by autograd through the forward pass, which unlike mmcv's kernel are exact at the image border."""
    refuse_if_deterministic("Deformable RoI pooling", grad_output)
    size = pooled_height, pooled_width
    with torch.enable_grad():
        leaves = [t.detach().requires_grad_() for t in (input, offset)]
        out = _deform_roi_pool(leaves[0], rois, leaves[1], size, spatial_scale, sampling_ratio, gamma)
        if not out.requires_grad:  # no regions
            return
        grads = torch.autograd.grad(out, leaves, grad_output, allow_unused=True)
    for target, grad in zip((grad_input, grad_offset), grads):
        if grad is not None:
            target.add_(grad)


def _deform_roi_pool(
    input: Tensor, rois: Tensor, offset: Tensor, size: tuple[int, int], scale: float, ratio: int, gamma: float
) -> Tensor:
    feature, pooled = supported_precision(input), []
    for n, roi in enumerate(rois.to(feature.dtype)):
        y, x = sample_points(roi, scale, size, ratio, aligned=True)
        if offset.numel():
            extent = (roi[3:] - roi[1:3]) * scale * gamma
            x = x + (extent[0] * supported_precision(offset)[n, 0])[..., None]
            y = y + (extent[1] * supported_precision(offset)[n, 1])[..., None]
        pooled.append(bilinear(feature[int(roi[0])], y, x).sum(-1) / max(y.shape[-1], 1))
    # in the precision of the input, so that autograd accepts the incoming gradient
    return (torch.stack(pooled) if pooled else feature.new_zeros(0, input.shape[1], *size)).to(input.dtype)
