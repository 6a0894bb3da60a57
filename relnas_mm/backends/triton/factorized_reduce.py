"""Halving a map: the grids of its even and of its odd positions, rectified, beside each other as channels."""

# Triton types kernels as the functions that they are written as.
# pyright: reportCallIssue=false, reportArgumentType=false, reportReturnType=false
# pyright: reportIncompatibleMethodOverride=false, reportGeneralTypeIssues=false
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from relnas_mm.backends.triton.dispatch import rows
from relnas_mm.backends.triton.indexing import place

BLOCK = 512


@triton.jit
def _gather(x, y, total, C, H, W, OH, OW, x_step, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = at < total
    column, row, plane = place(at, OH, OW)
    n, channel = (plane // (2 * C)).to(tl.int64), plane % (2 * C)
    odd = channel // C
    row, column = 2 * row + odd, 2 * column + odd
    source = (channel % C * H + row) * W + column
    value = tl.load(x + n * x_step + source, valid & (row < H) & (column < W), 0.0)
    tl.store(y + at, tl.where(value > 0, value, 0.0), valid)


@triton.jit
def _scatter(x, g, gx, total, C, H, W, OH, OW, x_step, g_step, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = at < total
    column, row, plane = place(at, H, W)
    n, channel = (plane // C).to(tl.int64), plane % C
    odd = row % 2
    source = ((odd * C + channel) * OH + row // 2) * OW + column // 2
    given = tl.load(g + n * g_step + source, valid & (column % 2 == odd), 0.0)
    value = tl.load(x + n * x_step + (channel * H + row) * W + column, valid, 0.0)
    tl.store(gx + at, tl.where(value > 0, given, 0.0), valid)


def split_by_parity(x: Tensor) -> Tensor:
    """Values at even rows and columns, and those one row and column further on; negative ones are zeros.

    Args:
        x: The map, (n, c, h, w), its images contiguous; an odd side is continued by one zero.

    Returns:
        The map, (n, 2 * c, ceil(h / 2), ceil(w / 2)).
    """
    return _SplitByParity.apply(x)  # type: ignore[return-value]


class _SplitByParity(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        x, step = rows(x)
        n, channels, height, width = x.shape
        out = x.new_empty(n, 2 * channels, -(-height // 2), -(-width // 2))
        grid = (triton.cdiv(out.numel(), BLOCK),)
        _gather[grid](x, out, out.numel(), channels, height, width, *out.shape[2:], step, BLOCK=BLOCK)
        ctx.save_for_backward(x)
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        given, g_step = rows(gradients[0])
        out = x.new_empty(x.shape)
        grid = (triton.cdiv(out.numel(), BLOCK),)
        sizes = (*x.shape[1:], *given.shape[2:], x.stride(0), g_step)
        _scatter[grid](x, given, out, out.numel(), *sizes, BLOCK=BLOCK)
        return out
