"""Deformable convolution v1 and v2 on torchvision's, which has the same layout of offsets and masks."""

import torch
import torchvision  # noqa: F401  (registers torch.ops.torchvision)
from torch import Tensor

from relnas_mm.compat.ops.precision import refuse_if_deterministic, supported_precision

__all__ = [
    "deform_conv_backward_input",
    "deform_conv_backward_parameters",
    "deform_conv_forward",
    "modulated_deform_conv_backward",
    "modulated_deform_conv_forward",
]

# stride, padding and dilation (each down, across), groups, groups of offsets: torchvision's order
Geometry = tuple[int, int, int, int, int, int, int, int]


def deform_conv_forward(
    input: Tensor,
    weight: Tensor,
    offset: Tensor,
    output: Tensor,
    columns: Tensor,
    ones: Tensor,
    kW: int,
    kH: int,
    dW: int,
    dH: int,
    padW: int,
    padH: int,
    dilationW: int,
    dilationH: int,
    group: int,
    deformable_group: int,
    im2col_step: int,
) -> None:
    """Deformable convolution v1.  `columns` and `ones` are buffers of the compiled operator, unused here."""
    geometry = dH, dW, padH, padW, dilationH, dilationW, group, deformable_group
    output.copy_(_forward(input, weight, offset, None, None, geometry))


def deform_conv_backward_input(
    input: Tensor,
    offset: Tensor,
    grad_output: Tensor,
    grad_input: Tensor,
    grad_offset: Tensor,
    weight: Tensor,
    columns: Tensor,
    kW: int,
    kH: int,
    dW: int,
    dH: int,
    padW: int,
    padH: int,
    dilationW: int,
    dilationH: int,
    group: int,
    deformable_group: int,
    im2col_step: int,
) -> None:
    """Gradients of input and offset; torchvision computes all gradients in each call."""
    geometry = dH, dW, padH, padW, dilationH, dilationW, group, deformable_group
    grads = _backward(grad_output, input, weight, offset, None, geometry)
    grad_input.copy_(grads[0])
    grad_offset.copy_(grads[2])


def deform_conv_backward_parameters(
    input: Tensor,
    offset: Tensor,
    grad_output: Tensor,
    grad_weight: Tensor,
    columns: Tensor,
    ones: Tensor,
    kW: int,
    kH: int,
    dW: int,
    dH: int,
    padW: int,
    padH: int,
    dilationW: int,
    dilationH: int,
    group: int,
    deformable_group: int,
    scale: float,
    im2col_step: int,
) -> None:
    """Adds to `grad_weight`, which does not depend on the values of the weights."""
    geometry = dH, dW, padH, padW, dilationH, dilationW, group, deformable_group
    grads = _backward(grad_output, input, torch.zeros_like(grad_weight), offset, None, geometry)
    grad_weight.add_(grads[1], alpha=scale)


def modulated_deform_conv_forward(
    input: Tensor,
    weight: Tensor,
    bias: Tensor,
    ones: Tensor,
    offset: Tensor,
    mask: Tensor,
    output: Tensor,
    columns: Tensor,
    kernel_h: int,
    kernel_w: int,
    stride_h: int,
    stride_w: int,
    pad_h: int,
    pad_w: int,
    dilation_h: int,
    dilation_w: int,
    group: int,
    deformable_group: int,
    with_bias: bool,
) -> None:
    """Deformable convolution v2, in which `mask` weights each sample."""
    geometry = stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, group, deformable_group
    offset, mask = (_leading(maps, output.shape[2:]) for maps in (offset, mask))
    output.copy_(_forward(input, weight, offset, mask, bias if with_bias else None, geometry))


def modulated_deform_conv_backward(
    input: Tensor,
    weight: Tensor,
    bias: Tensor,
    ones: Tensor,
    offset: Tensor,
    mask: Tensor,
    columns: Tensor,
    grad_input: Tensor,
    grad_weight: Tensor,
    grad_bias: Tensor,
    grad_offset: Tensor,
    grad_mask: Tensor,
    grad_output: Tensor,
    kernel_h: int,
    kernel_w: int,
    stride_h: int,
    stride_w: int,
    pad_h: int,
    pad_w: int,
    dilation_h: int,
    dilation_w: int,
    group: int,
    deformable_group: int,
    with_bias: bool,
) -> None:
    """All gradients of deformable convolution v2."""
    geometry = stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, group, deformable_group
    offset, mask = (_leading(maps, grad_output.shape[2:]) for maps in (offset, mask))
    grads = _backward(grad_output, input, weight, offset, mask, geometry)
    grad_input.copy_(grads[0])
    grad_weight.copy_(grads[1])
    for target, grad in zip((grad_offset, grad_mask), grads[2:4]):
        flat = target.new_zeros(target.shape[0], target[0].numel())
        flat[:, : grad[0].numel()] = grad.flatten(1)
        target.copy_(flat.view_as(target))
    if with_bias:
        grad_bias.copy_(grads[4])


def _forward(
    input: Tensor,
    weight: Tensor,
    offset: Tensor,
    mask: Tensor | None,
    bias: Tensor | None,
    geometry: Geometry,
) -> Tensor:
    bias = weight.new_zeros(weight.shape[0]) if bias is None else bias
    tensors = [supported_precision(t).contiguous() for t in (input, weight, offset, _mask(mask, input), bias)]
    return torch.ops.torchvision.deform_conv2d(*tensors, *geometry, mask is not None)


def _backward(
    grad_output: Tensor,
    input: Tensor,
    weight: Tensor,
    offset: Tensor,
    mask: Tensor | None,
    geometry: Geometry,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Gradients of input, weight, offset, mask and bias."""
    refuse_if_deterministic("Deformable convolution", grad_output)
    bias = weight.new_zeros(weight.shape[0])
    tensors = (grad_output, input, weight, offset, _mask(mask, input), bias)
    tensors = [supported_precision(t).contiguous() for t in tensors]
    return torch.ops.torchvision._deform_conv2d_backward(*tensors, *geometry, mask is not None)


def _mask(mask: Tensor | None, input: Tensor) -> Tensor:
    """The mask, or a placeholder, as torchvision always needs one."""
    return input.new_zeros(input.shape[0], 1) if mask is None else mask


def _leading(maps: Tensor, size: torch.Size) -> Tensor:
    """Reads each image's maps as flat memory, as mmcv does: mmdet's DyHead relies on it and passes larger maps."""
    if maps.shape[2:] == size:
        return maps
    count = maps.shape[1] * size[0] * size[1]
    return maps.flatten(1)[:, :count].reshape(*maps.shape[:2], *size)
