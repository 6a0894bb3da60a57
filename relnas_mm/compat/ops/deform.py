"""Deformable convolution v1 and v2 on torchvision's, which has the same layout of offsets and masks."""

import torch
import torchvision  # noqa: F401  (registers torch.ops.torchvision)

from .roi import wide

__all__ = [
    "deform_conv_backward_input",
    "deform_conv_backward_parameters",
    "deform_conv_forward",
    "modulated_deform_conv_backward",
    "modulated_deform_conv_forward",
]


def _forward(input, weight, offset, mask, bias, geometry):
    use_mask = mask is not None
    mask = mask if use_mask else input.new_zeros(input.shape[0], 1)
    bias = bias if bias is not None else weight.new_zeros(weight.shape[0])
    tensors = [wide(t).contiguous() for t in (input, weight, offset, mask, bias)]
    return torch.ops.torchvision.deform_conv2d(*tensors, *geometry, use_mask)


def _backward(grad_output, input, weight, offset, mask, geometry):
    """Gradients of input, weight, offset, mask and bias."""
    use_mask = mask is not None
    mask = mask if use_mask else input.new_zeros(input.shape[0], 1)
    bias = weight.new_zeros(weight.shape[0])
    tensors = [wide(t).contiguous() for t in (grad_output, input, weight, offset, mask, bias)]
    return torch.ops.torchvision._deform_conv2d_backward(*tensors, *geometry, use_mask)


def deform_conv_forward(
    input,
    weight,
    offset,
    output,
    columns,
    ones,
    kW,
    kH,
    dW,
    dH,
    padW,
    padH,
    dilationW,
    dilationH,
    group,
    deformable_group,
    im2col_step,
):
    """Version 1.  `columns` and `ones` are scratch memory of the compiled operator, unused here."""
    output.copy_(
        _forward(
            input,
            weight,
            offset,
            None,
            None,
            (dH, dW, padH, padW, dilationH, dilationW, group, deformable_group),
        )
    )


def deform_conv_backward_input(
    input,
    offset,
    grad_output,
    grad_input,
    grad_offset,
    weight,
    columns,
    kW,
    kH,
    dW,
    dH,
    padW,
    padH,
    dilationW,
    dilationH,
    group,
    deformable_group,
    im2col_step,
):
    """Torchvision computes all gradients at once: this and the next one each pay for all of them."""
    grads = _backward(
        grad_output,
        input,
        weight,
        offset,
        None,
        (dH, dW, padH, padW, dilationH, dilationW, group, deformable_group),
    )
    grad_input.copy_(grads[0])
    grad_offset.copy_(grads[2])


def deform_conv_backward_parameters(
    input,
    offset,
    grad_output,
    grad_weight,
    columns,
    ones,
    kW,
    kH,
    dW,
    dH,
    padW,
    padH,
    dilationW,
    dilationH,
    group,
    deformable_group,
    scale,
    im2col_step,
):
    """Adds to grad_weight; the other arguments as above, the values of the weights do not matter."""
    grads = _backward(
        grad_output,
        input,
        torch.zeros_like(grad_weight),
        offset,
        None,
        (dH, dW, padH, padW, dilationH, dilationW, group, deformable_group),
    )
    grad_weight.add_(grads[1], alpha=scale)


def _leading(maps, size):
    """Mmcv reads the offsets of one image as flat memory; mmdet's DyHead counts on that and passes larger maps."""
    count = maps.shape[1] * size[0] * size[1]
    return maps if maps.shape[2:] == size else maps.flatten(1)[:, :count].reshape(*maps.shape[:2], *size)


def modulated_deform_conv_forward(
    input,
    weight,
    bias,
    ones,
    offset,
    mask,
    output,
    columns,
    kernel_h,
    kernel_w,
    stride_h,
    stride_w,
    pad_h,
    pad_w,
    dilation_h,
    dilation_w,
    group,
    deformable_group,
    with_bias,
):
    """Version 2: each sample is also weighted by `mask`."""
    offset, mask = (_leading(maps, output.shape[2:]) for maps in (offset, mask))
    output.copy_(
        _forward(
            input,
            weight,
            offset,
            mask,
            bias if with_bias else None,
            (stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, group, deformable_group),
        )
    )


def modulated_deform_conv_backward(
    input,
    weight,
    bias,
    ones,
    offset,
    mask,
    columns,
    grad_input,
    grad_weight,
    grad_bias,
    grad_offset,
    grad_mask,
    grad_output,
    kernel_h,
    kernel_w,
    stride_h,
    stride_w,
    pad_h,
    pad_w,
    dilation_h,
    dilation_w,
    group,
    deformable_group,
    with_bias,
):
    """All gradients of version 2."""
    offset, mask = (_leading(maps, grad_output.shape[2:]) for maps in (offset, mask))
    grads = _backward(
        grad_output,
        input,
        weight,
        offset,
        mask,
        (stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, group, deformable_group),
    )
    grad_input.copy_(grads[0])
    grad_weight.copy_(grads[1])
    for target, grad in zip((grad_offset, grad_mask), grads[2:4]):
        flat = target.new_zeros(target.shape[0], target[0].numel())
        flat[:, : grad[0].numel()] = grad.flatten(1)
        target.copy_(flat.view_as(target))
    if with_bias:
        grad_bias.copy_(grads[4])
