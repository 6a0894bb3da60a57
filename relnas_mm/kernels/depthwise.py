"""Depthwise convolution, with the ReLU before it applied where the map is read."""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from relnas_mm.kernels.use import rows

BLOCK = 512
PROGRAMS = 1024
"""About as many programs share the gradient of a kernel."""


@triton.jit
def _place(at, C, H, W):
    """Image, channel, row and column of a position in a contiguous map."""
    column = at % W
    at = at // W
    row = at % H
    at = at // H
    return (at // C).to(tl.int64), at % C, row, column


@triton.jit
def _forward(
    x, w, y, total, C, H, W, OH, OW, x_step,
    K: tl.constexpr, S: tl.constexpr, D: tl.constexpr, RELU: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = at < total
    n, c, row, column = _place(at, C, OH, OW)
    image = x + n * x_step + c * H * W
    out = tl.zeros((BLOCK,), tl.float32)
    for i in tl.static_range(K):
        for j in tl.static_range(K):
            r = row * S + (i - K // 2) * D
            q = column * S + (j - K // 2) * D
            value = tl.load(image + r * W + q, valid & (r >= 0) & (r < H) & (q >= 0) & (q < W), 0.0).to(tl.float32)
            if RELU:
                value = tl.maximum(value, 0.0)
            out += value * tl.load(w + c * K * K + i * K + j, valid, 0.0).to(tl.float32)
    tl.store(y + at, out.to(y.dtype.element_ty), valid)


@triton.jit
def _gradient_of_map(
    x, w, g, gx, total, C, H, W, OH, OW, x_step, g_step,
    K: tl.constexpr, S: tl.constexpr, D: tl.constexpr, RELU: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = at < total
    n, c, row, column = _place(at, C, H, W)
    image = g + n * g_step + c * OH * OW
    out = tl.zeros((BLOCK,), tl.float32)
    for i in tl.static_range(K):
        for j in tl.static_range(K):
            r = row - (i - K // 2) * D
            q = column - (j - K // 2) * D
            read = valid & (r >= 0) & (q >= 0)
            if S > 1:
                read = read & (r % S == 0) & (q % S == 0)
                r = r // S
                q = q // S
            value = tl.load(image + r * OW + q, read & (r < OH) & (q < OW), 0.0).to(tl.float32)
            out += value * tl.load(w + c * K * K + i * K + j, valid, 0.0).to(tl.float32)
    if RELU:
        given = tl.load(x + n * x_step + (c * H + row) * W + column, valid, 0.0)
        out = tl.where(given > 0, out, 0.0)
    tl.store(gx + at, out.to(gx.dtype.element_ty), valid)


@triton.jit
def _gradient_of_kernel(
    x, g, parts, N, C, H, W, OH, OW, x_step, g_step,
    K: tl.constexpr, S: tl.constexpr, D: tl.constexpr, RELU: tl.constexpr, TAPS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """One channel, and each PROGRAMS-th block of its positions: taps by positions, summed over these at the end."""
    c = tl.program_id(0)
    tap = tl.arange(0, TAPS)[:, None]
    down = (tap // K - K // 2) * D
    right = (tap % K - K // 2) * D
    sums = tl.zeros((TAPS, BLOCK), tl.float32)
    positions = N * OH * OW
    for start in range(tl.program_id(1) * BLOCK, positions, tl.num_programs(1) * BLOCK):
        at = start + tl.arange(0, BLOCK)
        valid = at < positions
        column = at % OW
        row = (at // OW) % OH
        n = (at // (OW * OH)).to(tl.int64)
        given = tl.load(g + n * g_step + (c * OH + row) * OW + column, valid, 0.0).to(tl.float32)
        r = row[None, :] * S + down
        q = column[None, :] * S + right
        read = valid[None, :] & (tap < K * K) & (r >= 0) & (r < H) & (q >= 0) & (q < W)
        value = tl.load(x + n[None, :] * x_step + (c * H + r) * W + q, read, 0.0).to(tl.float32)
        if RELU:
            value = tl.maximum(value, 0.0)
        sums += value * given[None, :]
    out = parts + (tl.program_id(1) * tl.num_programs(0) + c) * TAPS + tl.arange(0, TAPS)
    tl.store(out, tl.sum(sums, 1))


def depthwise(x: Tensor, weight: Tensor, stride: int, dilation: int, relu: bool) -> Tensor:
    """What a depthwise convolution makes of a map that is rectified first, if so wanted.

    Args:
        x: The map, (n, c, h, w), its images contiguous.
        weight: A square kernel of odd side for each channel, (c, 1, k, k).
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
        grid = (triton.cdiv(out.numel(), BLOCK),)
        _forward[grid](
            x, weight, out, out.numel(), channels, height, width, *out.shape[2:], x_step, **arrangement, BLOCK=BLOCK
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
        sizes = (channels, height, width, *given.shape[2:], x.stride(0), g_step)
        of_x = of_weight = None
        if ctx.needs_input_grad[0]:
            of_x = x.new_empty(x.shape)
            grid = (triton.cdiv(x.numel(), BLOCK),)
            _gradient_of_map[grid](x, weight, given, of_x, x.numel(), *sizes, **ctx.arrangement, BLOCK=BLOCK)
        if ctx.needs_input_grad[1]:
            kernel = weight.shape[-1]
            taps, block = triton.next_power_of_2(kernel**2), 128
            blocks = triton.cdiv(n * given[0, 0].numel(), block)
            programs = max(1, min(blocks, PROGRAMS // channels))
            parts = x.new_empty(programs, channels, taps, dtype=torch.float32)
            grid = (channels, programs)
            _gradient_of_kernel[grid](x, given, parts, n, *sizes, **ctx.arrangement, TAPS=taps, BLOCK=block)
            of_weight = parts.sum(0)[:, : kernel**2].reshape(weight.shape).to(weight.dtype)
        return of_x, of_weight, None, None, None
