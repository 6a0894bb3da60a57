"""Depthwise-separable convolution in training on CPUs: less memory, and none of PyTorch's slow gradients.

The feature map between the two convolutions is recomputed in the backward pass; such maps are a third of the saved
activations of a cell.  PyTorch's gradient of a depthwise convolution that is dilated or larger than 3x3 takes ten times
as long as the convolution.  Here the input gradient is a convolution with the flipped kernel, and the weight gradient
is decomposed into fast 3x3 ones.  `docs/performance.md` measures both.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from relnas_mm.backends.conditions import has_hooks, trains_on_cpu

PIECE = 3
"""Size of the depthwise kernels whose weight gradient PyTorch computes fast."""

RECOMPUTE_FROM = 2**18
"""Least number of elements of a map that is recomputed; below, the call costs more than it saves."""


def separable_conv(x: Tensor, depthwise: nn.Conv2d, pointwise: nn.Conv2d, recompute: bool = True) -> Tensor:
    """Applies a depthwise and a pointwise convolution.

    Args:
        x: Shape (n, c, h, w).
        depthwise: A depthwise convolution with a square kernel and "same" padding.
        pointwise: A 1x1 convolution.
        recompute: Whether to recompute a large map between the two in the backward pass.
    """
    stride, dilation = depthwise.stride[0], depthwise.dilation[0]
    if not trains_on_cpu(x) or not _is_plain(depthwise):
        return pointwise(depthwise(x))
    if recompute and x.numel() >= RECOMPUTE_FROM and _is_plain(pointwise):
        return _Separable.apply(x, depthwise.weight, pointwise.weight, stride, dilation)  # type: ignore[return-value]
    if _is_slow(depthwise.kernel_size[0], stride, dilation):
        return pointwise(_Depthwise.apply(x, depthwise.weight, stride, dilation))
    return pointwise(depthwise(x))


def _is_plain(conv: nn.Conv2d) -> bool:
    """Whether a convolution has neither bias nor hooks."""
    return conv.bias is None and not has_hooks(conv)


class _Separable(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, depthwise: Tensor, pointwise: Tensor, stride: int, dilation: int) -> Tensor:
        return F.conv2d(_depthwise(x, depthwise, stride, dilation), pointwise)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs[:3])
        ctx.stride, ctx.dilation = inputs[3:]

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        x, depthwise, pointwise = ctx.saved_tensors
        needs = ctx.needs_input_grad
        hidden = _depthwise(x, depthwise, ctx.stride, ctx.dilation)
        grad_hidden, grad_pointwise = _conv_backward(
            grad_outputs[0], hidden, pointwise, (1, 0, 1, 1), (needs[0] or needs[1], needs[2])
        )
        grad_x = grad_depthwise = None
        if needs[0] or needs[1]:
            grad_x, grad_depthwise = _depthwise_backward(
                grad_hidden, x, depthwise, ctx.stride, ctx.dilation, (needs[0], needs[1])
            )
        return grad_x, grad_depthwise, grad_pointwise, None, None


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, weight: Tensor, stride: int, dilation: int) -> Tensor:
        return _depthwise(x, weight, stride, dilation)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs[:2])
        ctx.stride, ctx.dilation = inputs[2:]

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        needs = ctx.needs_input_grad[:2]
        return *_depthwise_backward(grad_outputs[0], x, weight, ctx.stride, ctx.dilation, needs), None, None


def _depthwise(x: Tensor, weight: Tensor, stride: int, dilation: int) -> Tensor:
    padding = weight.shape[-1] // 2 * dilation
    return F.conv2d(x, weight, None, stride, padding, dilation, groups=len(weight))


def _conv_backward(
    grad_output: Tensor, x: Tensor, weight: Tensor, options: tuple[int, int, int, int], needs: tuple[bool, bool]
) -> tuple[Tensor, Tensor]:
    """PyTorch's gradients of the input and of the weight; `options` are stride, padding, dilation and groups."""
    stride, padding, dilation, groups = options
    mask = [*needs, False]
    grad_x, grad_weight, _ = torch.ops.aten.convolution_backward(
        grad_output, x, weight, None, [stride] * 2, [padding] * 2, [dilation] * 2, False, [0, 0], groups, mask
    )
    return grad_x, grad_weight


def _depthwise_backward(
    grad_output: Tensor, x: Tensor, weight: Tensor, stride: int, dilation: int, needs: tuple[bool, bool]
) -> tuple[Tensor | None, Tensor | None]:
    kernel, groups = weight.shape[-1], len(weight)
    if stride > 1 and dilation == 1:
        return _conv_backward(grad_output, x, weight, (stride, kernel // 2, 1, groups), needs)
    grad_output = _zero_upsampled(grad_output, stride, x)
    grad_x = _depthwise(grad_output, weight.flip(2, 3), 1, dilation) if needs[0] else None
    if not needs[1]:
        return grad_x, None
    if _is_slow(kernel, stride, dilation):
        return grad_x, kernel_gradient(x, grad_output, kernel, dilation)
    return grad_x, _conv_backward(grad_output, x, weight, (1, kernel // 2, 1, groups), (False, True))[1]


def _is_slow(kernel: int, stride: int, dilation: int) -> bool:
    """Whether PyTorch's weight gradient of a depthwise convolution takes about ten times as long as the convolution."""
    return dilation > 1 or (kernel > PIECE and stride == 1)


def _zero_upsampled(grad_output: Tensor, stride: int, x: Tensor) -> Tensor:
    """The gradient of the same convolution with stride 1: zeros at the positions that the stride skips."""
    if stride == 1:
        return grad_output
    upsampled = torch.zeros_like(x)
    upsampled[..., ::stride, ::stride] = grad_output
    return upsampled


def kernel_gradient(x: Tensor, grad_output: Tensor, kernel: int, dilation: int) -> Tensor:
    """Weight gradient of a depthwise convolution of stride 1 with "same" padding, by 3x3 weight gradients.

    Args:
        x: Input of the convolution, (n, c, h, w).
        grad_output: Gradient of its output, of the same shape.
        kernel: Kernel size, odd.
        dilation: Dilation of the kernel.

    Returns:
        The gradient, (c, 1, kernel, kernel).
    """
    # Both maps are zero-padded, channels-last and flattened.  Dilation becomes a change of view: `dilation` columns
    # count as channels and `dilation` rows as one row, so neighbouring taps are neighbouring positions of the view.
    # Each 3x3 piece of the kernel reads the flat input from a later offset, without a copy; positions beyond an edge
    # are the zeros that precede the next row or image.
    n, channels, height, width = x.shape
    padding, margin = kernel // 2 * dilation, max(kernel // 2, 2) * dilation
    grid = [side + margin + -(side + margin) % dilation for side in (height, width)]
    view_width, view_channels = grid[1], dilation * channels
    image = grid[0] * grid[1] * channels
    last_offset = (kernel - PIECE) * (view_width + 1) * view_channels
    flat_x = _zero_padded(x, padding, grid, -(-last_offset // image)).flatten()
    view = n, grid[0] // dilation, view_width, view_channels
    grad_view = _zero_padded(grad_output, dilation, grid).view(view).permute(0, 3, 1, 2)
    piece = grad_output.new_empty(view_channels, 1, PIECE, PIECE)
    out = grad_output.new_empty(channels, 1, kernel, kernel)
    for top in range(0, kernel - 1, PIECE - 1):
        for left in range(0, kernel - 1, PIECE - 1):
            start = (top * view_width + left) * view_channels
            x_view = flat_x[start : start + n * image].view(view).permute(0, 3, 1, 2)
            _, grad_piece = _conv_backward(grad_view, x_view, piece, (1, PIECE // 2, 1, view_channels), (False, True))
            grad_piece = grad_piece.view(dilation, channels, 1, PIECE, PIECE).sum(0)
            out[..., top : top + PIECE, left : left + PIECE] = grad_piece
    return out


def _zero_padded(x: Tensor, offset: int, grid: list[int], extra_images: int = 0) -> Tensor:
    """A map at an offset in zeros, channels-last, followed by images of zeros: (n + extra_images, *grid, c)."""
    bottom, right = (total - offset - side for total, side in zip(grid, x.shape[-2:]))
    return F.pad(x.permute(0, 2, 3, 1), (0, 0, offset, right, offset, bottom, 0, extra_images)).contiguous()
