"""Depthwise convolution, fused with the ReLU before it.

Each output row is the sum, over kernel rows, of an input row times a banded (Toeplitz) matrix that holds a kernel row
along its diagonals: matrix products, which run on tensor cores, instead of one load per tap.  Several narrow rows share
a matrix; wide rows are tiled.
"""

# Triton types a kernel as the plain function that it decorates.
# pyright: reportCallIssue=false, reportArgumentType=false, reportReturnType=false
# pyright: reportIncompatibleMethodOverride=false, reportGeneralTypeIssues=false
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from relnas_mm.backends.triton.dispatch import contiguous_images, precision
from relnas_mm.backends.triton.reduce import sum_parts

SIDE = 32
"""Output columns of a banded matrix."""
PROGRAMS = 1056
"""Number of programs, approximately, that share the weight gradient."""
MANY = 2**17
"""Least number of matrix rows for which a program processes 256 of them instead of 128."""


@triton.jit(do_not_specialize=["N", "C", "IH", "OH"])
def _convolve(
    x, w, y, source, N, C, IH, IW, OH, OW, x_step, source_step,
    K: tl.constexpr, S: tl.constexpr, D: tl.constexpr, RELU: tl.constexpr, BACK: tl.constexpr, P: tl.constexpr,
    READ: tl.constexpr, WRITTEN: tl.constexpr,
    G: tl.constexpr, BI: tl.constexpr, BO: tl.constexpr, HALO: tl.constexpr, M: tl.constexpr,
):  # fmt: skip
    """Convolves `x` to `y`; with BACK, computes the input gradient `y` from the output gradient `x` and the input."""
    if READ > 0:
        IW, OW = READ, WRITTEN
    groups = tl.cdiv(OH, G)
    line = tl.program_id(0) * M + tl.arange(0, M)
    n, c = (line // groups).to(tl.int64), tl.program_id(1)
    q, j = tl.arange(0, G * BI), tl.arange(0, G * BO)
    out_column = tl.program_id(2) * BO + j % BO
    start = tl.program_id(2) * BO // S if BACK else tl.program_id(2) * BO * S
    column = start - HALO + q % BI
    if BACK:
        distance = out_column[None, :] - column[:, None] * S + K // 2 * D
    else:
        distance = column[:, None] - out_column[None, :] * S + K // 2 * D
    band = ((q // BI)[:, None] == (j // BO)[None, :]) & (distance >= 0) & (distance < K * D) & (distance % D == 0)
    inside = (line < N * groups)[:, None] & ((column >= 0) & (column < IW))[None, :]
    plane = x + n * x_step + c * IH * IW
    first = (line % groups * G)[:, None]
    out = tl.zeros((M, G * BO), tl.float32)
    for i in tl.static_range(K):
        row = first + (q // BI)[None, :]
        if BACK:
            row -= (i - K // 2) * D
            row_inside = row >= 0
            if S > 1:
                row_inside = row_inside & (row % S == 0)
                row = row // S
        else:
            row = row * S + (i - K // 2) * D
            row_inside = row >= 0
        value = tl.load(plane[:, None] + (row * IW + column[None, :]), inside & row_inside & (row < IH), 0.0)
        if RELU and not BACK:
            value = tl.where(value > 0, value, 0.0).to(x.dtype.element_ty)
        taps = tl.load(w + (c * K + i) * K + distance // D, band, 0.0).to(value.dtype)
        out += tl.dot(value, taps, input_precision=P)
    row = first + (j // BO)[None, :]
    target = (c * OH + row) * OW + out_column[None, :]
    inside = (line < N * groups)[:, None] & (row < OH) & (out_column < OW)[None, :]
    if RELU and BACK:
        source_value = tl.load(source + (n * source_step)[:, None] + target, inside, 0.0)
        out = tl.where(source_value > 0, out, 0.0)
    tl.store(y + (n * C * OH * OW)[:, None] + target, out.to(y.dtype.element_ty), inside)


@triton.jit(do_not_specialize=["N", "C", "IH", "OH"])
def _gradient_of_kernel(
    x, g, parts, N, C, IH, IW, OH, OW, x_step, g_step,
    K: tl.constexpr, S: tl.constexpr, D: tl.constexpr, RELU: tl.constexpr, P: tl.constexpr, TAPS: tl.constexpr,
    READ: tl.constexpr, WRITTEN: tl.constexpr,
    G: tl.constexpr, BI: tl.constexpr, BO: tl.constexpr, HALO: tl.constexpr, M: tl.constexpr,
):  # fmt: skip
    """Gradient of one kernel row of one channel, over a strided set of blocks: sums along diagonals of a product."""
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
        grad = tl.load(g + (n * g_step + c * OH * OW)[:, None] + (row * OW + column[None, :]), inside, 0.0)
        row = (first + (q // BI)[None, :]) * S + (i - K // 2) * D
        column = block % tiles * BO * S - HALO + q % BI
        inside = valid & (row >= 0) & (row < IH) & ((column >= 0) & (column < IW))[None, :]
        value = tl.load(x + (n * x_step + c * IH * IW)[:, None] + (row * IW + column[None, :]), inside, 0.0)
        if RELU:
            value = tl.where(value > 0, value, 0.0).to(x.dtype.element_ty)
        product += tl.dot(tl.trans(grad.to(value.dtype)), value, input_precision=P)
    # In row j of the product, column j * S + (t - K // 2) * D holds the contribution to tap t.
    t = tl.arange(0, TAPS)
    tap_column = (j % BO * S)[:, None] + ((t - K // 2) * D)[None, :] + HALO
    in_tile = (tap_column >= 0) & (tap_column < BI) & (t < K)[None, :]
    diagonals = tl.gather(product, tl.where(in_tile, (j // BO * BI)[:, None] + tap_column, 0), 1)
    grad_taps = tl.sum(tl.where(in_tile, diagonals, 0.0), 0)
    tl.store(parts + ((tl.program_id(2) * C + c) * K + i) * K + t, grad_taps, t < K)


def depthwise(x: Tensor, weight: Tensor, stride: int, dilation: int, relu: bool) -> Tensor:
    """Applies a ReLU if asked to, and a depthwise convolution with "same" padding.

    Args:
        x: Shape (n, c, h, w), with contiguous images.
        weight: Shape (c, 1, k, k), k odd.
        stride: 1 or 2.
        dilation: Dilation of the kernel.
        relu: Whether a ReLU precedes the convolution.

    Returns:
        The convolved map, (n, c, ceil(h / stride), ceil(w / stride)), of the data type of `x`.
    """
    return _Depthwise.apply(x, weight, stride, dilation, relu)  # type: ignore[return-value]


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int, dilation: int, relu: bool) -> Tensor:
        x, x_step = contiguous_images(x)
        n, channels, height, width = x.shape
        out = x.new_empty(n, channels, -(-height // stride), -(-width // stride))
        options = {"K": weight.shape[-1], "S": stride, "D": dilation, "RELU": relu, "P": precision()}
        layout = _layout(width, out, stride, weight.shape[-1] // 2 * dilation)
        sizes = (n, channels, height, width, *out.shape[2:], x_step, 0)
        _convolve[_grid(out, layout)](x, weight, out, x, *sizes, BACK=False, **options, **layout)
        ctx.save_for_backward(x, weight)
        ctx.options, ctx.layout = options, layout
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        grad_output, g_step = contiguous_images(grad_outputs[0])
        n, channels, *size = x.shape
        out_size, stride, reach = grad_output.shape[2:], ctx.options["S"], weight.shape[-1] // 2 * ctx.options["D"]
        grad_x = grad_weight = None
        if ctx.needs_input_grad[0]:
            grad_x = x.new_empty(x.shape)
            layout = _layout(out_size[1], grad_x, 1 / stride, -(-reach // stride))
            sizes = (n, channels, *out_size, *size, g_step, x.stride(0))
            _convolve[_grid(grad_x, layout)](grad_output, weight, grad_x, x, *sizes, BACK=True, **ctx.options, **layout)
        if ctx.needs_input_grad[1]:
            kernel, layout = weight.shape[-1], ctx.layout | {"M": min(128, ctx.layout["M"])}
            blocks, _, tiles = _grid(grad_output, layout)
            programs = max(1, min(blocks * tiles, PROGRAMS // (channels * kernel)))
            parts = x.new_empty(programs, *weight.shape, dtype=torch.float32)
            sizes = (n, channels, *size, *out_size, x.stride(0), g_step)
            _gradient_of_kernel[channels, kernel, programs](
                x, grad_output, parts, *sizes, **ctx.options, TAPS=triton.next_power_of_2(kernel), **layout
            )
            grad_weight = sum_parts(parts).to(weight.dtype)
        return grad_x, grad_weight, None, None, None


def _layout(read: int, written: Tensor, step: float, reach: int) -> dict[str, Any]:
    """Maps the rows of feature maps to the rows of matrices.

    Args:
        read: Width of the input.
        written: The output, (n, c, h, w).
        step: Input columns per output column.
        reach: Columns of the input that a kernel reaches to either side.

    Returns:
        READ and WRITTEN: the widths, if they are powers of 2 that fit a matrix, else 0; G: map rows in a matrix row; BI
        and BO: input and output columns of each map row; HALO: input columns before those; M: matrix rows per program.
    """
    width = written.shape[3]
    inner, outer = triton.next_power_of_2(read), triton.next_power_of_2(width)
    layout = {"READ": 0, "WRITTEN": 0, "G": 1, "BI": inner, "BO": outer, "HALO": 0, "M": 64, "num_warps": 8}
    if (widest := max(inner, outer)) > SIDE:
        halo = max(16, triton.next_power_of_2(reach))
        return layout | {"BI": triton.next_power_of_2(int(SIDE * step) + 2 * halo), "BO": SIDE, "HALO": halo}
    if (inner, outer) == (read, width):  # as constants they tell the compiler the alignment of rows
        layout |= {"READ": read, "WRITTEN": width}
    layout["G"] = SIDE // widest
    lines = written.shape[0] * triton.cdiv(written.shape[2], layout["G"]) * written.shape[1]
    return layout | {"M": 256 if lines >= MANY else 128}


def _grid(written: Tensor, layout: dict[str, Any]) -> tuple[int, int, int]:
    """Blocks of matrix rows, channels, and tiles of a map row."""
    n, channels, height, width = written.shape
    lines = n * triton.cdiv(height, layout["G"])
    return triton.cdiv(lines, layout["M"]), channels, triton.cdiv(width, layout["BO"])
