"""3x3 pooling with padding 1; backward passes gather, so they need no atomic additions."""

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
def _mean(x, y, total, H, W, OH, OW, C, x_step, S: tl.constexpr, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = index < total
    column, row, plane = unravel(index, OH, OW)
    column, row = column * S, row * S
    image = x + (plane // C).to(tl.int64) * x_step + plane % C * H * W
    out = tl.zeros((BLOCK,), tl.float32)
    for i in tl.static_range(3):
        for j in tl.static_range(3):
            r, q = row + i - 1, column + j - 1
            inside = valid & (r >= 0) & (r < H) & (q >= 0) & (q < W)
            out += tl.load(image + r * W + q, inside, 0.0).to(tl.float32)
    tl.store(y + index, (out * (_share(row, H) * _share(column, W))).to(y.dtype.element_ty), valid)


@triton.jit
def _share(index, side):
    """One over the number of positions, of the three around an index along an axis, that are inside the map."""
    return 1.0 / (tl.minimum(index + 2, side) - tl.maximum(index - 1, 0)).to(tl.float32)


@triton.jit
def _largest(x, y, taps, total, H, W, OH, OW, C, x_step, S: tl.constexpr, BLOCK: tl.constexpr):
    """The maximum of each window, and the tap of its first occurrence, 0 to 8."""
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = index < total
    column, row, plane = unravel(index, OH, OW)
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
    tl.store(y + index, out.to(y.dtype.element_ty), valid)
    tl.store(taps + index, tap.to(tl.int8), valid)


@triton.jit
def _gradient(g, taps, gx, total, H, W, OH, OW, C, g_step, S: tl.constexpr, MEAN: tl.constexpr, BLOCK: tl.constexpr):
    """Input gradient: each position gathers from the windows that cover it."""
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = index < total
    column, row, plane = unravel(index, H, W)
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
    tl.store(gx + index, out.to(gx.dtype.element_ty), valid)


def pool(x: Tensor, stride: int, mean: bool) -> Tensor:
    """Average pooling, not counting padding, or max pooling.

    Args:
        x: Shape (n, c, h, w), with contiguous images.
        stride: 1 or 2.
        mean: Whether to average; else the maximum is taken, whose gradient goes to its first occurrence.

    Returns:
        The pooled map, (n, c, ceil(h / stride), ceil(w / stride)).
    """
    return _Pool.apply(x, stride, mean)  # type: ignore[return-value]


class _Pool(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, stride: int, mean: bool) -> Tensor:
        x, step = contiguous_images(x)
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
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        grad_output, step = contiguous_images(grad_outputs[0])
        out = grad_output.new_empty(ctx.shape)
        sizes = (out.numel(), *ctx.shape[2:], *grad_output.shape[2:], ctx.shape[1], step)
        grid = (triton.cdiv(out.numel(), BLOCK),)
        taps = grad_output if ctx.taps is None else ctx.taps  # unused by averages
        _gradient[grid](grad_output, taps, out, *sizes, S=ctx.stride, MEAN=ctx.taps is None, BLOCK=BLOCK)
        return out, None, None
