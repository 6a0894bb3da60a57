"""Depthwise convolution, with the ReLU before it applied where the map is read.

A row of the result is a sum of rows of the map, each times a banded matrix that holds a row of the kernel along its
diagonals: products of matrices, which the tensor cores take, instead of a load for each weight.  Narrow rows are taken
several at a time, wide ones in pieces.
"""

# Triton types kernels as the functions that they are written as.
# pyright: reportCallIssue=false, reportArgumentType=false, reportReturnType=false
# pyright: reportIncompatibleMethodOverride=false, reportGeneralTypeIssues=false
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from relnas_mm.backends.triton.dispatch import precision, rows
from relnas_mm.backends.triton.reduce import total

SIDE = 32
"""Columns of a banded matrix."""
PROGRAMS = 1056
"""About as many programs share the gradient of a kernel."""
MANY = 2**17
"""From so many lines on, a program takes more of them."""


@triton.jit(do_not_specialize=["N", "C", "IH", "OH"])
def _convolve(
    x, w, y, source, N, C, IH, IW, OH, OW, x_step, source_step,
    K: tl.constexpr, S: tl.constexpr, D: tl.constexpr, RELU: tl.constexpr, BACK: tl.constexpr, P: tl.constexpr,
    READ: tl.constexpr, WRITTEN: tl.constexpr,
    G: tl.constexpr, BI: tl.constexpr, BO: tl.constexpr, HALO: tl.constexpr, M: tl.constexpr,
):  # fmt: skip
    """The map `x` to the map `y`; with BACK the gradient `x` of the result to that of the map `source`."""
    if READ > 0:
        IW, OW = READ, WRITTEN
    groups = tl.cdiv(OH, G)
    line = tl.program_id(0) * M + tl.arange(0, M)
    n, c = (line // groups).to(tl.int64), tl.program_id(1)
    q, j = tl.arange(0, G * BI), tl.arange(0, G * BO)
    to = tl.program_id(2) * BO + j % BO
    start = tl.program_id(2) * BO // S if BACK else tl.program_id(2) * BO * S
    column = start - HALO + q % BI
    if BACK:
        distance = to[None, :] - column[:, None] * S + K // 2 * D
    else:
        distance = column[:, None] - to[None, :] * S + K // 2 * D
    band = ((q // BI)[:, None] == (j // BO)[None, :]) & (distance >= 0) & (distance < K * D) & (distance % D == 0)
    inside = (line < N * groups)[:, None] & ((column >= 0) & (column < IW))[None, :]
    plane = x + n * x_step + c * IH * IW
    first = (line % groups * G)[:, None]
    out = tl.zeros((M, G * BO), tl.float32)
    for i in tl.static_range(K):
        row = first + (q // BI)[None, :]
        if BACK:
            row -= (i - K // 2) * D
            tall = row >= 0
            if S > 1:
                tall = tall & (row % S == 0)
                row = row // S
        else:
            row = row * S + (i - K // 2) * D
            tall = row >= 0
        value = tl.load(plane[:, None] + (row * IW + column[None, :]), inside & tall & (row < IH), 0.0)
        if RELU and not BACK:
            value = tl.where(value > 0, value, 0.0).to(x.dtype.element_ty)
        taps = tl.load(w + (c * K + i) * K + distance // D, band, 0.0).to(value.dtype)
        out += tl.dot(value, taps, input_precision=P)
    row = first + (j // BO)[None, :]
    own = (c * OH + row) * OW + to[None, :]
    inside = (line < N * groups)[:, None] & (row < OH) & (to < OW)[None, :]
    if RELU and BACK:
        given = tl.load(source + (n * source_step)[:, None] + own, inside, 0.0)
        out = tl.where(given > 0, out, 0.0)
    tl.store(y + (n * C * OH * OW)[:, None] + own, out.to(y.dtype.element_ty), inside)


@triton.jit(do_not_specialize=["N", "C", "IH", "OH"])
def _gradient_of_kernel(
    x, g, parts, N, C, IH, IW, OH, OW, x_step, g_step,
    K: tl.constexpr, S: tl.constexpr, D: tl.constexpr, RELU: tl.constexpr, P: tl.constexpr, TAPS: tl.constexpr,
    READ: tl.constexpr, WRITTEN: tl.constexpr,
    G: tl.constexpr, BI: tl.constexpr, BO: tl.constexpr, HALO: tl.constexpr, M: tl.constexpr,
):  # fmt: skip
    """One row of the kernel of one channel, over every so many blocks of rows: sums along diagonals of a product."""
    if READ > 0:
        IW, OW = READ, WRITTEN
    c, i = tl.program_id(0), tl.program_id(1)
    groups, tiles = tl.cdiv(OH, G), tl.cdiv(OW, BO)
    q, j = tl.arange(0, G * BI), tl.arange(0, G * BO)
    product = tl.zeros((G * BO, G * BI), tl.float32)
    for block in range(tl.program_id(2), tl.cdiv(N * groups, M) * tiles, tl.num_programs(2)):
        line = block // tiles * M + tl.arange(0, M)
        n, first = (line // groups).to(tl.int64), (line % groups * G)[:, None]
        valid = (line < N * groups)[:, None]
        row, column = first + (j // BO)[None, :], block % tiles * BO + j % BO
        inside = valid & (row < OH) & (column < OW)[None, :]
        given = tl.load(g + (n * g_step + c * OH * OW)[:, None] + (row * OW + column[None, :]), inside, 0.0)
        row = (first + (q // BI)[None, :]) * S + (i - K // 2) * D
        column = block % tiles * BO * S - HALO + q % BI
        inside = valid & (row >= 0) & (row < IH) & ((column >= 0) & (column < IW))[None, :]
        value = tl.load(x + (n * x_step + c * IH * IW)[:, None] + (row * IW + column[None, :]), inside, 0.0)
        if RELU:
            value = tl.where(value > 0, value, 0.0).to(x.dtype.element_ty)
        product += tl.dot(tl.trans(given.to(value.dtype)), value, input_precision=P)
    # Row j of the product holds the products of weight t in column j * S + (t - K // 2) * D.
    t = tl.arange(0, TAPS)
    place = (j % BO * S)[:, None] + ((t - K // 2) * D)[None, :] + HALO
    own = (place >= 0) & (place < BI) & (t < K)[None, :]
    diagonals = tl.gather(product, tl.where(own, (j // BO * BI)[:, None] + place, 0), 1)
    found = tl.sum(tl.where(own, diagonals, 0.0), 0)
    tl.store(parts + ((tl.program_id(2) * C + c) * K + i) * K + t, found, t < K)


def depthwise(x: Tensor, weight: Tensor, stride: int, dilation: int, relu: bool) -> Tensor:
    """What a depthwise convolution makes of a map that is rectified first, if so wanted.

    Args:
        x: The map, (n, c, h, w), its images contiguous.
        weight: A square kernel for each channel, (c, 1, k, k), of odd side.
        stride: Distance of the positions that are kept, 1 or 2.
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
        arrangement = {"K": weight.shape[-1], "S": stride, "D": dilation, "RELU": relu, "P": precision()}
        layout = _layout(width, out, stride, weight.shape[-1] // 2 * dilation)
        sizes = (n, channels, height, width, *out.shape[2:], x_step, 0)
        _convolve[_grid(out, layout)](x, weight, out, x, *sizes, BACK=False, **arrangement, **layout)
        ctx.save_for_backward(x, weight)
        ctx.arrangement, ctx.layout = arrangement, layout
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        given, g_step = rows(gradients[0])
        n, channels, *size = x.shape
        own, stride, reach = given.shape[2:], ctx.arrangement["S"], weight.shape[-1] // 2 * ctx.arrangement["D"]
        of_x = of_weight = None
        if ctx.needs_input_grad[0]:
            of_x = x.new_empty(x.shape)
            layout = _layout(own[1], of_x, 1 / stride, -(-reach // stride))
            sizes = (n, channels, *own, *size, g_step, x.stride(0))
            _convolve[_grid(of_x, layout)](given, weight, of_x, x, *sizes, BACK=True, **ctx.arrangement, **layout)
        if ctx.needs_input_grad[1]:
            kernel, layout = weight.shape[-1], ctx.layout | {"M": min(128, ctx.layout["M"])}
            blocks, _, tiles = _grid(given, layout)
            programs = max(1, min(blocks * tiles, PROGRAMS // (channels * kernel)))
            parts = x.new_empty(programs, *weight.shape, dtype=torch.float32)
            sizes = (n, channels, *size, *own, x.stride(0), g_step)
            _gradient_of_kernel[channels, kernel, programs](
                x, given, parts, *sizes, **ctx.arrangement, TAPS=triton.next_power_of_2(kernel), **layout
            )
            of_weight = total(parts).to(weight.dtype)
        return of_x, of_weight, None, None, None


def _layout(read: int, written: Tensor, step: float, reach: int) -> dict[str, Any]:
    """How rows become lines of matrices.

    Args:
        read: Width of the map that is read.
        written: The map that is written.
        step: Columns that are read for each one that is written.
        reach: How far a kernel reaches, in columns of the map that is read.

    Returns:
        READ and WRITTEN: the widths, if they are powers of 2 that fit a matrix, else 0; G: rows in a line; BI and BO:
        columns of each that are read and written; HALO: columns that are read before those; M: lines in a program.
    """
    width = written.shape[3]
    inner, outer = triton.next_power_of_2(read), triton.next_power_of_2(width)
    layout = {"READ": 0, "WRITTEN": 0, "G": 1, "BI": inner, "BO": outer, "HALO": 0, "M": 64, "num_warps": 8}
    if (widest := max(inner, outer)) > SIDE:
        halo = max(16, triton.next_power_of_2(reach))
        return layout | {"BI": triton.next_power_of_2(int(SIDE * step) + 2 * halo), "BO": SIDE, "HALO": halo}
    if (inner, outer) == (read, width):  # as constants they tell how rows are aligned
        layout |= {"READ": read, "WRITTEN": width}
    layout["G"] = SIDE // widest
    lines = written.shape[0] * triton.cdiv(written.shape[2], layout["G"]) * written.shape[1]
    return layout | {"M": 256 if lines >= MANY else 128}


def _grid(written: Tensor, layout: dict[str, Any]) -> tuple[int, int, int]:
    """Blocks of lines, channels, and pieces of a row."""
    n, channels, height, width = written.shape
    lines = n * triton.cdiv(height, layout["G"])
    return triton.cdiv(lines, layout["M"]), channels, triton.cdiv(width, layout["BO"])
