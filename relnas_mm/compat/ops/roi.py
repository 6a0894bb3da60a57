"""RoIAlign and deformable RoI pooling."""

import math

import torch
import torchvision  # noqa: F401  (registers torch.ops.torchvision)

__all__ = ["deform_roi_pool_backward", "deform_roi_pool_forward", "roi_align_backward", "roi_align_forward"]


def wide(tensor):
    """Torchvision's kernels lack bfloat16, and half precision on the CPU."""
    low = tensor.dtype == torch.bfloat16 or (tensor.dtype == torch.half and not tensor.is_cuda)
    return tensor.float() if low else tensor


def roi_align_forward(
    input,
    rois,
    output,
    argmax_y,
    argmax_x,
    aligned_height,
    aligned_width,
    spatial_scale,
    sampling_ratio,
    pool_mode,
    aligned,
):
    """pool_mode 1 averages (torchvision), 0 takes the largest sample and notes where it was."""
    feature = wide(input)
    rois = rois.to(feature.dtype)
    size = aligned_height, aligned_width
    if pool_mode == 1:
        output.copy_(
            torch.ops.torchvision.roi_align(feature, rois, spatial_scale, *size, sampling_ratio, aligned)
        )
        return
    for n, roi in enumerate(rois):
        y, x = _points(roi, spatial_scale, size, sampling_ratio, 0.5 if aligned else 0.0, aligned)
        if y.shape[-1] == 0:  # no sample: mmcv's start value
            output[n], argmax_y[n], argmax_x[n] = -10000, -1, -1
            continue
        best, where = _bilinear(feature[int(roi[0])], y, x).max(-1)
        output[n] = best
        argmax_y[n] = y.expand(*where.shape, -1).gather(-1, where[..., None])[..., 0]
        argmax_x[n] = x.expand(*where.shape, -1).gather(-1, where[..., None])[..., 0]


def roi_align_backward(
    grad_output,
    rois,
    argmax_y,
    argmax_x,
    grad_input,
    aligned_height,
    aligned_width,
    spatial_scale,
    sampling_ratio,
    pool_mode,
    aligned,
):
    """The gradient of both modes."""
    grad = wide(grad_output)
    batch, channels, height, width = grad_input.shape
    if pool_mode == 1:
        grad_input.copy_(
            torch.ops.torchvision._roi_align_backward(
                grad,
                rois.to(grad.dtype),
                spatial_scale,
                aligned_height,
                aligned_width,
                batch,
                channels,
                height,
                width,
                sampling_ratio,
                aligned,
            )
        )
        return
    plane = rois[:, 0].long()[:, None] * channels + torch.arange(channels, device=rois.device)
    total = grad.new_zeros(grad_input.numel())
    for index, weight in _corners(wide(argmax_y), wide(argmax_x), height, width):
        index = index + plane[:, :, None, None] * (height * width)
        total.index_add_(0, index.flatten(), (grad * weight * (argmax_y != -1)).flatten())
    grad_input.copy_(total.view_as(grad_input))


def deform_roi_pool_forward(
    input, rois, offset, output, pooled_height, pooled_width, spatial_scale, sampling_ratio, gamma
):
    """RoIAlign (averaging, aligned) whose bins are moved by `offset` (n, 2, h, w), which may be empty."""
    with torch.no_grad():
        output.copy_(
            _deform_roi_pool(
                input, rois, offset, (pooled_height, pooled_width), spatial_scale, sampling_ratio, gamma
            )
        )


def deform_roi_pool_backward(
    grad_output,
    input,
    rois,
    offset,
    grad_input,
    grad_offset,
    pooled_height,
    pooled_width,
    spatial_scale,
    sampling_ratio,
    gamma,
):
    """By autograd through the forward; at the image border this is the true derivative, mmcv's kernel is not."""
    with torch.enable_grad():
        leaves = [t.detach().requires_grad_() for t in (input, offset)]
        out = _deform_roi_pool(
            leaves[0], rois, leaves[1], (pooled_height, pooled_width), spatial_scale, sampling_ratio, gamma
        )
        if not out.requires_grad:
            return
        grads = torch.autograd.grad(out, leaves, grad_output, allow_unused=True)
    for target, grad in zip((grad_input, grad_offset), grads):
        if grad is not None:
            target.add_(grad)


def _deform_roi_pool(input, rois, offset, size, scale, ratio, gamma):
    feature, rois, pooled = wide(input), wide(rois), []
    for n, roi in enumerate(rois.to(feature.dtype)):
        y, x = _points(roi, scale, size, ratio, 0.5, True)
        if offset.numel():
            extent = (roi[3:] - roi[1:3]) * scale * gamma
            x = x + (extent[0] * wide(offset)[n, 0])[..., None]
            y = y + (extent[1] * wide(offset)[n, 1])[..., None]
        pooled.append(_bilinear(feature[int(roi[0])], y, x).sum(-1) / max(y.shape[-1], 1))
    return torch.stack(pooled) if pooled else feature.new_zeros(0, input.shape[1], *size)


def _points(roi, scale, size, ratio, shift, aligned):
    """The sample points of one RoI, y and x of shape (bins down, bins across, samples)."""
    left, top, right, bottom = (roi[1:] * scale - shift).unbind()
    axes = []
    for start, extent, bins in ((top, bottom - top, size[0]), (left, right - left, size[1])):
        extent = extent if aligned else extent.clamp(min=1)
        step = extent / bins
        count = ratio if ratio > 0 else max(math.ceil(float(step)), 0)
        inner = torch.arange(count, device=roi.device, dtype=roi.dtype) + 0.5
        bin_start = start + torch.arange(bins, device=roi.device, dtype=roi.dtype) * step
        axes.append(bin_start[:, None] + inner * step / max(count, 1))
    y, x = axes
    shape = size[0], size[1], y.shape[1], x.shape[1]
    return y[:, None, :, None].expand(shape).flatten(2), x[None, :, None, :].expand(shape).flatten(2)


def _corners(y, x, height, width):
    """Flat index and bilinear weight of the four pixels around each point; weight 0 outside [-1, size]."""
    inside = (y >= -1) & (y <= height) & (x >= -1) & (x <= width)
    y, x = y.clamp(0, height - 1), x.clamp(0, width - 1)
    top, left = y.detach().floor().long(), x.detach().floor().long()
    bottom, right = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
    dy, dx = y - top, x - left
    yield top * width + left, (1 - dy) * (1 - dx) * inside
    yield top * width + right, (1 - dy) * dx * inside
    yield bottom * width + left, dy * (1 - dx) * inside
    yield bottom * width + right, dy * dx * inside


def _bilinear(feature, y, x):
    """Samples of one (channels, height, width) map at the points y, x: (channels, *points)."""
    flat = feature.flatten(1)
    return sum(weight * flat[:, index] for index, weight in _corners(y, x, *feature.shape[1:]))
