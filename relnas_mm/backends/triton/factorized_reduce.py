"""ReLU and parity split of a feature map: its even and its odd positions, concatenated as channels."""

# Triton types a kernel as the plain function that it decorates.
# pyright: reportCallIssue=false, reportArgumentType=false, reportReturnType=false
# pyright: reportIncompatibleMethodOverride=false, reportGeneralTypeIssues=false
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from relnas_mm.backends.triton.dispatch import contiguous_images
from relnas_mm.backends.triton.indexing import unravel

BLOCK = 512


@triton.jit
def _gather(x, y, total, C, H, W, OH, OW, x_step, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = index < total
    column, row, plane = unravel(index, OH, OW)
    n, channel = (plane // (2 * C)).to(tl.int64), plane % (2 * C)
    odd = channel // C
    row, column = 2 * row + odd, 2 * column + odd
    source = (channel % C * H + row) * W + column
    value = tl.load(x + n * x_step + source, valid & (row < H) & (column < W), 0.0)
    tl.store(y + index, tl.where(value > 0, value, 0.0), valid)


@triton.jit
def _scatter(x, g, gx, total, C, H, W, OH, OW, x_step, g_step, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = index < total
    column, row, plane = unravel(index, H, W)
    n, channel = (plane // C).to(tl.int64), plane % C
    odd = row % 2
    source = ((odd * C + channel) * OH + row // 2) * OW + column // 2
    grad = tl.load(g + n * g_step + source, valid & (column % 2 == odd), 0.0)
    value = tl.load(x + n * x_step + (channel * H + row) * W + column, valid, 0.0)
    tl.store(gx + index, tl.where(value > 0, grad, 0.0), valid)


def split_by_parity(x: Tensor) -> Tensor:
    """Applies a ReLU and splits a map by parity.

    Args:
        x: Shape (n, c, h, w), with contiguous images; an odd height or width is zero-padded by one.

    Returns:
        The values at even rows and columns, then those at odd ones, (n, 2 * c, ceil(h / 2), ceil(w / 2)).
    """
    return _SplitByParity.apply(x)  # type: ignore[return-value]


class _SplitByParity(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        x, step = contiguous_images(x)
        n, channels, height, width = x.shape
        out = x.new_empty(n, 2 * channels, -(-height // 2), -(-width // 2))
        grid = (triton.cdiv(out.numel(), BLOCK),)
        _gather[grid](x, out, out.numel(), channels, height, width, *out.shape[2:], step, BLOCK=BLOCK)
        ctx.save_for_backward(x)
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        grad_output, g_step = contiguous_images(grad_outputs[0])
        out = x.new_empty(x.shape)
        grid = (triton.cdiv(out.numel(), BLOCK),)
        sizes = (*x.shape[1:], *grad_output.shape[2:], x.stride(0), g_step)
        _scatter[grid](x, grad_output, out, out.numel(), *sizes, BLOCK=BLOCK)
        return out
