"""3x3 pools that keep the grid but for their stride; each gradient is one reading of what it is made of."""

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
def _mean(x, y, total, H, W, OH, OW, C, x_step, S: tl.constexpr, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = at < total
    column, row, plane = place(at, OH, OW)
    column, row = column * S, row * S
    image = x + (plane // C).to(tl.int64) * x_step + plane % C * H * W
    out = tl.zeros((BLOCK,), tl.float32)
    for i in tl.static_range(3):
        for j in tl.static_range(3):
            r, q = row + i - 1, column + j - 1
            inside = valid & (r >= 0) & (r < H) & (q >= 0) & (q < W)
            out += tl.load(image + r * W + q, inside, 0.0).to(tl.float32)
    tl.store(y + at, (out * (_share(row, H) * _share(column, W))).to(y.dtype.element_ty), valid)


@triton.jit
def _share(at, side):
    """One over the number of the three positions around one that are inside the map, along an axis."""
    return 1.0 / (tl.minimum(at + 2, side) - tl.maximum(at - 1, 0)).to(tl.float32)


@triton.jit
def _largest(x, y, taps, total, H, W, OH, OW, C, x_step, S: tl.constexpr, BLOCK: tl.constexpr):
    """The first largest value, and which of the nine it was."""
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = at < total
    column, row, plane = place(at, OH, OW)
    column, row = column * S, row * S
    image = x + (plane // C).to(tl.int64) * x_step + plane % C * H * W
    out = tl.full((BLOCK,), float("-inf"), tl.float32)
    tap = tl.full((BLOCK,), 4, tl.int32)
    for i in tl.static_range(3):
        for j in tl.static_range(3):
            r, q = row + i - 1, column + j - 1
            inside = valid & (r >= 0) & (r < H) & (q >= 0) & (q < W)
            value = tl.load(image + r * W + q, inside, float("-inf")).to(tl.float32)
            larger = (value > out) | (value != value)
            out = tl.where(larger, value, out)
            tap = tl.where(larger, 3 * i + j, tap)
    tl.store(y + at, out.to(y.dtype.element_ty), valid)
    tl.store(taps + at, tap.to(tl.int8), valid)


@triton.jit
def _gradient(g, taps, gx, total, H, W, OH, OW, C, g_step, S: tl.constexpr, MEAN: tl.constexpr, BLOCK: tl.constexpr):
    """Of a position of the map: from all windows around it."""
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = at < total
    column, row, plane = place(at, H, W)
    image = g + (plane // C).to(tl.int64) * g_step + plane % C * OH * OW
    out = tl.zeros((BLOCK,), tl.float32)
    for i in tl.static_range(3):
        for j in tl.static_range(3):
            r, q = row + 1 - i, column + 1 - j
            inside = valid & (r >= 0) & (q >= 0) & (r % S == 0) & (q % S == 0) & (r // S < OH) & (q // S < OW)
            window = r // S * OW + q // S
            value = tl.load(image + window, inside, 0.0).to(tl.float32)
            if MEAN:
                out += tl.where(inside, value * (_share(r, H) * _share(q, W)), 0.0)
            else:
                tap = tl.load(taps + plane * OH * OW + window, inside, -1)
                out += tl.where(tap == 3 * i + j, value, 0.0)
    tl.store(gx + at, out.to(gx.dtype.element_ty), valid)


def pool(x: Tensor, stride: int, mean: bool) -> Tensor:
    """The mean of the positions inside the map, or the largest value.

    Args:
        x: The map, (n, c, h, w), its images contiguous.
        stride: Distance of the windows.
        mean: The mean; else the largest value, of equal ones the first.

    Returns:
        The map, (n, c, ceil(h / stride), ceil(w / stride)).
    """
    return _Pool.apply(x, stride, mean)  # type: ignore[return-value]


class _Pool(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, stride: int, mean: bool) -> Tensor:
        x, step = rows(x)
        n, channels, *size = x.shape
        out = x.new_empty(n, channels, *(-(-side // stride) for side in size))
        sizes = (out.numel(), *size, *out.shape[2:], channels, step)
        grid = (triton.cdiv(out.numel(), BLOCK),)
        ctx.taps = None
        if mean:
            _mean[grid](x, out, *sizes, S=stride, BLOCK=BLOCK)
        else:
            ctx.taps = torch.empty_like(out, dtype=torch.int8)
            _largest[grid](x, out, ctx.taps, *sizes, S=stride, BLOCK=BLOCK)
        ctx.shape, ctx.stride = x.shape, stride
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        given, step = rows(gradients[0])
        out = given.new_empty(ctx.shape)
        sizes = (out.numel(), *ctx.shape[2:], *given.shape[2:], ctx.shape[1], step)
        grid = (triton.cdiv(out.numel(), BLOCK),)
        taps = given if ctx.taps is None else ctx.taps  # not read for means
        _gradient[grid](given, taps, out, *sizes, S=ctx.stride, MEAN=ctx.taps is None, BLOCK=BLOCK)
        return out, None, None
