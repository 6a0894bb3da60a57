"""Depthwise and pointwise convolution in training on CPUs, with less memory and without PyTorch's slow gradients.

As one step, the large feature map between the two is computed again in the backward pass instead of being kept; in a
cell such maps are a third of all that is kept.  PyTorch's gradient of a depthwise convolution that is dilated or larger
than 3x3 takes ten times as long as the convolution: the gradient of the map is computed as a convolution by the flipped
kernel instead, and the weight gradient is decomposed into fast 3x3 ones.  `docs/performance.md` has what both bring.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from relnas_mm.backends.conditions import has_hooks
from relnas_mm.backends.cpu.conditions import trains_on_cpu

PIECE = 3
"""Side of the kernels of depthwise convolutions whose gradients PyTorch computes fast."""

RECOMPUTE_FROM = 2**18
"""Numbers in a map from which on it is computed again; below, the call takes longer than the computation."""


def separable_conv(x: Tensor, depthwise: nn.Conv2d, pointwise: nn.Conv2d, recompute: bool = True) -> Tensor:
    """A depthwise and a pointwise convolution.

    Args:
        x: The map, (n, c, h, w).
        depthwise: A depthwise convolution with a square kernel that keeps the grid but for its stride.
        pointwise: A 1x1 convolution.
        recompute: Whether the two are one step where the map is large.
    """
    arrangement = depthwise.stride[0], depthwise.dilation[0]
    if not trains_on_cpu(x) or not _plain(depthwise):
        return pointwise(depthwise(x))
    if recompute and x.numel() >= RECOMPUTE_FROM and _plain(pointwise):
        return _Separable.apply(x, depthwise.weight, pointwise.weight, *arrangement)  # type: ignore[return-value]
    if _slow(depthwise.kernel_size[0], *arrangement):
        return pointwise(_Depthwise.apply(x, depthwise.weight, *arrangement))
    return pointwise(depthwise(x))


def _plain(conv: nn.Conv2d) -> bool:
    """Whether there is nothing about it but its weight."""
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
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, depthwise, pointwise = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        between = _depthwise(x, depthwise, ctx.stride, ctx.dilation)
        of_between, of_pointwise = _gradients(
            gradients[0], between, pointwise, (1, 0, 1, 1), (wanted[0] or wanted[1], wanted[2])
        )
        of_x = of_depthwise = None
        if wanted[0] or wanted[1]:
            of_x, of_depthwise = _depthwise_gradients(
                of_between, x, depthwise, ctx.stride, ctx.dilation, (wanted[0], wanted[1])
            )
        return of_x, of_depthwise, of_pointwise, None, None


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, weight: Tensor, stride: int, dilation: int) -> Tensor:
        return _depthwise(x, weight, stride, dilation)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs[:2])
        ctx.stride, ctx.dilation = inputs[2:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        wanted = ctx.needs_input_grad[:2]
        return *_depthwise_gradients(gradients[0], x, weight, ctx.stride, ctx.dilation, wanted), None, None


def _depthwise(x: Tensor, weight: Tensor, stride: int, dilation: int) -> Tensor:
    padding = weight.shape[-1] // 2 * dilation
    return F.conv2d(x, weight, None, stride, padding, dilation, groups=len(weight))


def _gradients(
    gradient: Tensor, x: Tensor, weight: Tensor, arrangement: tuple[int, int, int, int], wanted: tuple[bool, bool]
) -> tuple[Tensor, Tensor]:
    """PyTorch's gradients of the map and of the weight of a convolution: stride, padding, dilation, groups."""
    stride, padding, dilation, groups = arrangement
    of_x, of_weight, _ = torch.ops.aten.convolution_backward(
        gradient, x, weight, None, [stride] * 2, [padding] * 2, [dilation] * 2, False, [0, 0], groups, [*wanted, False]
    )
    return of_x, of_weight


def _depthwise_gradients(
    gradient: Tensor, x: Tensor, weight: Tensor, stride: int, dilation: int, wanted: tuple[bool, bool]
) -> tuple[Tensor | None, Tensor | None]:
    kernel, groups = weight.shape[-1], len(weight)
    if stride > 1 and dilation == 1:
        return _gradients(gradient, x, weight, (stride, kernel // 2, 1, groups), wanted)
    gradient = _spread(gradient, stride, x)
    of_x = _depthwise(gradient, weight.flip(2, 3), 1, dilation) if wanted[0] else None
    if not wanted[1]:
        return of_x, None
    if _slow(kernel, stride, dilation):
        return of_x, kernel_gradient(x, gradient, kernel, dilation)
    return of_x, _gradients(gradient, x, weight, (1, kernel // 2, 1, groups), (False, True))[1]


def _slow(kernel: int, stride: int, dilation: int) -> bool:
    """Whether PyTorch's gradient of a depthwise kernel takes about ten times as long as the convolution."""
    return dilation > 1 or (kernel > PIECE and stride == 1)


def _spread(gradient: Tensor, stride: int, x: Tensor) -> Tensor:
    """The gradient of what a stride made of `x`, with zeros at the positions that it left out."""
    if stride == 1:
        return gradient
    spread = torch.zeros_like(x)
    spread[..., ::stride, ::stride] = gradient
    return spread


def kernel_gradient(x: Tensor, gradient: Tensor, kernel: int, dilation: int) -> Tensor:
    """Gradient of the kernel of a depthwise convolution that keeps the grid.

    Args:
        x: What was convolved, (n, c, h, w).
        gradient: Gradient of the result, of the same shape.
        kernel: Side of the kernel, odd.
        dilation: Distance between the positions under the kernel.

    Returns:
        The gradient, (c, 1, kernel, kernel).
    """
    # Both maps lie in grids of zeros, as one row of numbers.  Every `dilation`-th position is the next one when as many
    # columns count as channels and as many rows as one, and a piece of the kernel reads the row from a later start: no
    # part of a map is copied.  What lies beyond an edge are the zeros before the next row or image.
    n, channels, height, width = x.shape
    padding, margin = kernel // 2 * dilation, max(kernel // 2, 2) * dilation
    grid = [side + margin + -(side + margin) % dilation for side in (height, width)]
    row, wide = grid[1], dilation * channels  # positions of a row of the coarse grid, and their channels
    image = grid[0] * grid[1] * channels
    furthest = (kernel - PIECE) * (row + 1) * wide
    read = _placed(x, padding, grid, -(-furthest // image)).flatten()
    coarse = n, grid[0] // dilation, row, wide
    of_result = _placed(gradient, dilation, grid).view(coarse).permute(0, 3, 1, 2)
    piece = gradient.new_empty(wide, 1, PIECE, PIECE)
    out = gradient.new_empty(channels, 1, kernel, kernel)
    for top in range(0, kernel - 1, PIECE - 1):
        for left in range(0, kernel - 1, PIECE - 1):
            start = (top * row + left) * wide
            part = read[start : start + n * image].view(coarse).permute(0, 3, 1, 2)
            _, of_piece = _gradients(of_result, part, piece, (1, PIECE // 2, 1, wide), (False, True))
            of_piece = of_piece.view(dilation, channels, 1, PIECE, PIECE).sum(0)
            out[..., top : top + PIECE, left : left + PIECE] = of_piece
    return out


def _placed(x: Tensor, offset: int, grid: list[int], spare: int = 0) -> Tensor:
    """A map at an offset in a grid of zeros, channels last, with spare images behind it: (n + spare, *grid, c)."""
    down, right = (whole - offset - side for whole, side in zip(grid, x.shape[-2:]))
    return F.pad(x.permute(0, 2, 3, 1), (0, 0, offset, right, offset, down, 0, spare)).contiguous()
