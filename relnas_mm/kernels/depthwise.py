"""Depthwise convolution, with the ReLU before it applied where the map is read."""

# Triton types kernels as the functions that they are written as.
# pyright: reportCallIssue=false, reportArgumentType=false, reportReturnType=false
# pyright: reportIncompatibleMethodOverride=false, reportGeneralTypeIssues=false
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from relnas_mm.kernels.places import place
from relnas_mm.kernels.use import rows

BLOCK = 512
PROGRAMS = 1024
"""About as many programs share the gradient of a kernel."""


@triton.jit
def _forward(
    x, w, y, N, C, H, W, OH, OW, x_step,
    K: tl.constexpr, S: tl.constexpr, D: tl.constexpr, RELU: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    c = tl.program_id(0)
    at = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    valid = at < N * OH * OW
    column, row, n = place(at, OH, OW)
    n = n.to(tl.int64)
    middle = x + n * x_step + (c * H * W + row * S * W + column * S)
    out = tl.zeros((BLOCK,), tl.float32)
    for i in tl.static_range(K):
        down = (i - K // 2) * D
        tall = valid & (row * S + down >= 0) & (row * S + down < H)
        for j in tl.static_range(K):
            right = (j - K // 2) * D
            wide = (column * S + right >= 0) & (column * S + right < W)
            value = tl.load(middle + (down * W + right), tall & wide, 0.0).to(tl.float32)
            if RELU:
                value = tl.maximum(value, 0.0)
            out += value * tl.load(w + c * K * K + i * K + j).to(tl.float32)
    target = y + n * C * OH * OW + (c * OH * OW + row * OW + column)
    tl.store(target, out.to(y.dtype.element_ty), valid)


@triton.jit
def _gradient_of_map(
    x, w, g, gx, N, C, H, W, OH, OW, x_step, g_step,
    K: tl.constexpr, S: tl.constexpr, D: tl.constexpr, RELU: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    c = tl.program_id(0)
    at = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    valid = at < N * H * W
    column, row, n = place(at, H, W)
    n = n.to(tl.int64)
    plane = g + n * g_step + c * OH * OW
    out = tl.zeros((BLOCK,), tl.float32)
    for i in tl.static_range(K):
        r = row - (i - K // 2) * D
        tall = valid & (r >= 0)
        if S > 1:
            tall = tall & (r % S == 0)
            r = r // S
        tall = tall & (r < OH)
        for j in tl.static_range(K):
            q = column - (j - K // 2) * D
            wide = q >= 0
            if S > 1:
                wide = wide & (q % S == 0)
                q = q // S
            value = tl.load(plane + (r * OW + q), tall & wide & (q < OW), 0.0).to(tl.float32)
            out += value * tl.load(w + c * K * K + i * K + j).to(tl.float32)
    own = c * H * W + row * W + column
    if RELU:
        given = tl.load(x + n * x_step + own, valid, 0.0)
        out = tl.where(given > 0, out, 0.0)
    tl.store(gx + n * C * H * W + own, out.to(gx.dtype.element_ty), valid)


@triton.jit
def _beside(start, valid, column, W, right: tl.constexpr, RELU: tl.constexpr):
    """Values some columns to the right, zeros outside the map."""
    inside = valid & (column + right >= 0) & (column + right < W)
    value = tl.load(start + right, inside, 0.0).to(tl.float32)
    if RELU:
        value = tl.maximum(value, 0.0)
    return value


@triton.jit
def _gradient_of_kernel(
    x, g, parts, N, C, H, W, OH, OW, x_step, g_step,
    K: tl.constexpr, S: tl.constexpr, D: tl.constexpr, RELU: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """One row of the kernel of one channel, over every so many blocks of positions."""
    c, i = tl.program_id(0), tl.program_id(1)
    down = (i - K // 2) * D
    half: tl.constexpr = K // 2 * D
    zeros = tl.zeros((BLOCK,), tl.float32)
    first, second, third, fourth, fifth, sixth, seventh = zeros, zeros, zeros, zeros, zeros, zeros, zeros
    for start in range(tl.program_id(2) * BLOCK, N * OH * OW, tl.num_programs(2) * BLOCK):
        at = start + tl.arange(0, BLOCK)
        column, row, n = place(at, OH, OW)
        n = n.to(tl.int64)
        valid = at < N * OH * OW
        given = tl.load(g + n * g_step + (c * OH * OW + row * OW + column), valid, 0.0).to(tl.float32)
        r, q = row * S + down, column * S
        plane = x + n * x_step + (c * H * W + r * W + q)
        valid = valid & (r >= 0) & (r < H)
        first += given * _beside(plane, valid, q, W, -half, RELU)
        second += given * _beside(plane, valid, q, W, D - half, RELU)
        third += given * _beside(plane, valid, q, W, 2 * D - half, RELU)
        if K > 3:
            fourth += given * _beside(plane, valid, q, W, 3 * D - half, RELU)
            fifth += given * _beside(plane, valid, q, W, 4 * D - half, RELU)
        if K > 5:
            sixth += given * _beside(plane, valid, q, W, 5 * D - half, RELU)
            seventh += given * _beside(plane, valid, q, W, 6 * D - half, RELU)
    out = parts + ((tl.program_id(2) * C + c) * K + i) * K
    tl.store(out, tl.sum(first, 0))
    tl.store(out + 1, tl.sum(second, 0))
    tl.store(out + 2, tl.sum(third, 0))
    if K > 3:
        tl.store(out + 3, tl.sum(fourth, 0))
        tl.store(out + 4, tl.sum(fifth, 0))
    if K > 5:
        tl.store(out + 5, tl.sum(sixth, 0))
        tl.store(out + 6, tl.sum(seventh, 0))


def depthwise(x: Tensor, weight: Tensor, stride: int, dilation: int, relu: bool) -> Tensor:
    """What a depthwise convolution makes of a map that is rectified first, if so wanted.

    Args:
        x: The map, (n, c, h, w), its images contiguous.
        weight: A square kernel for each channel, (c, 1, k, k), of side 3, 5 or 7.
        stride: Distance of the positions that are kept.
        dilation: Distance of the positions under the kernel; the map is continued by zeros to keep the grid.
        relu: Whether negative values count as zeros.

    Returns:
        The map, (n, c, ceil(h / stride), ceil(w / stride)), of the type of `x`.
    """
    return _Depthwise.apply(x, weight, stride, dilation, relu)  # type: ignore[return-value]


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int, dilation: int, relu: bool) -> Tensor:
        x, x_step = rows(x)
        n, channels, height, width = x.shape
        out = x.new_empty(n, channels, -(-height // stride), -(-width // stride))
        kernel = weight.shape[-1]
        arrangement = {"K": kernel, "S": stride, "D": dilation, "RELU": relu}
        _forward[_grid(out)](
            x, weight, out, n, channels, height, width, *out.shape[2:], x_step, **arrangement, BLOCK=BLOCK
        )
        ctx.save_for_backward(x, weight)
        ctx.arrangement = arrangement
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        given, g_step = rows(gradients[0])
        n, channels, height, width = x.shape
        sizes = (n, channels, height, width, *given.shape[2:], x.stride(0), g_step)
        of_x = of_weight = None
        if ctx.needs_input_grad[0]:
            of_x = x.new_empty(x.shape)
            _gradient_of_map[_grid(x)](x, weight, given, of_x, *sizes, **ctx.arrangement, BLOCK=BLOCK)
        if ctx.needs_input_grad[1]:
            kernel, (_, blocks) = weight.shape[-1], _grid(given)
            programs = max(1, min(blocks, PROGRAMS // (channels * kernel)))
            parts = x.new_empty(programs, *weight.shape, dtype=torch.float32)
            grid = (channels, kernel, programs)
            _gradient_of_kernel[grid](x, given, parts, *sizes, **ctx.arrangement, BLOCK=BLOCK)
            of_weight = parts.sum(0).to(weight.dtype)
        return of_x, of_weight, None, None, None


def _grid(x: Tensor) -> tuple[int, int]:
    """Channels, and blocks of the positions of all images."""
    return x.shape[1], triton.cdiv(x.numel() // x.shape[1], BLOCK)
