"""A 1x1 convolution and the normalization after it, with the ReLU before both.

The convolution sums the statistics of what it writes, and the backward pass makes the gradients of map and weight from
one reading of the map.
"""

# Triton types kernels as the functions that they are written as.
# pyright: reportCallIssue=false, reportArgumentType=false, reportReturnType=false
# pyright: reportIncompatibleMethodOverride=false, reportGeneralTypeIssues=false
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor, nn

from relnas_mm.backends.triton.dispatch import precision, rows
from relnas_mm.backends.triton.normalization import normalized, parts_of_norm
from relnas_mm.backends.triton.reduce import total

PROGRAMS, FEWEST = 660, 132
"""At most so many programs share the gradient of a small weight, and of a large one."""
PARTS = 2**18
"""As many numbers as their parts may have, as long as these are not too few programs."""


@triton.jit
def _read(x, n, step, channels, positions, C, HW):
    """Channels by positions of an image, zeros outside."""
    inside = (channels[:, None] < C) & (positions[None, :] < HW)
    return tl.load(x + n * step + channels[:, None] * HW + positions[None, :], inside, 0.0)


@triton.jit
def _project(
    x, w, y, sums, weight, bias, mean, variance, eps, CI, CO, HW, x_step,
    RELU: tl.constexpr, NORMALIZE: tl.constexpr, BI: tl.constexpr, BO: tl.constexpr, T: tl.constexpr, P: tl.constexpr,
):  # fmt: skip
    """A tile of an image: projected; then normalized by given statistics, or summed up for new ones."""
    tiles = tl.cdiv(HW, T)
    n = (tl.program_id(0) // tiles).to(tl.int64)
    position = tl.program_id(0) % tiles * T + tl.arange(0, T)
    ci, co = tl.arange(0, BI), tl.arange(0, BO)
    given = _read(x, n, x_step, ci, position, CI, HW)
    if RELU:
        given = tl.where(given > 0, given, 0.0).to(x.dtype.element_ty)
    kernel = tl.load(w + co[:, None] * CI + ci[None, :], (co[:, None] < CO) & (ci[None, :] < CI), 0.0)
    out = tl.dot(kernel.to(given.dtype), given, input_precision=P)
    if NORMALIZE:
        real = co < CO
        scale = tl.load(weight + co, real, 0.0) / tl.sqrt(tl.load(variance + co, real, 1.0) + eps)
        out = out * scale[:, None] + (tl.load(bias + co, real, 0.0) - tl.load(mean + co, real, 0.0) * scale)[:, None]
    out = out.to(y.dtype.element_ty)
    inside = (co[:, None] < CO) & (position[None, :] < HW)
    tl.store(y + (n * CO + co[:, None]) * HW + position[None, :], out, inside)
    if not NORMALIZE:
        out = out.to(tl.float32)
        count = tl.minimum(T, HW - tl.program_id(0) % tiles * T)
        total = tl.sum(out, 1)
        away = tl.where(position[None, :] < HW, out - (total / count)[:, None], 0.0)
        place = sums + co * tl.num_programs(0) + tl.program_id(0)
        tl.store(place, total, co < CO)
        tl.store(place + CO * tl.num_programs(0), tl.sum(away * away, 1), co < CO)


@triton.jit(do_not_specialize=["number", "count", "images"])
def _gradients(
    x, w, p, g, gx, parts, mean, variance, weight, norm_parts, number, of_norm, eps, count, images, CI, CO, HW,
    x_step, g_step,
    RELU: tl.constexpr, BI: tl.constexpr, BO: tl.constexpr, BP: tl.constexpr, T: tl.constexpr, P: tl.constexpr,
):  # fmt: skip
    """Of the map, and a part of that of the convolution's weight, from every so many tiles; the norm's are summed."""
    ci, co = tl.arange(0, BI), tl.arange(0, BO)
    real = co < CO
    kernel = tl.load(w + co[:, None] * CI + ci[None, :], real[:, None] & (ci[None, :] < CI), 0.0)
    m = tl.load(mean + co, real, 0.0)
    scale = 1.0 / tl.sqrt(tl.load(variance + co, real, 1.0) + eps)
    gain = tl.load(weight + co, real, 0.0) * scale
    part = norm_parts + co[:, None] * number + tl.arange(0, BP)[None, :]
    found = real[:, None] & (tl.arange(0, BP) < number)[None, :]
    of_bias, of_weight = tl.sum(tl.load(part, found, 0.0), 1), tl.sum(tl.load(part + CO * number, found, 0.0), 1)
    if tl.program_id(0) == 0:
        tl.store(of_norm + co, of_bias, real)
        tl.store(of_norm + CO + co, of_weight, real)
    of_bias, of_weight = of_bias / count, of_weight / count
    tiles = tl.cdiv(HW, T)
    sums = tl.zeros((BO, BI), tl.float32)
    for tile in range(tl.program_id(0), images * tiles, tl.num_programs(0)):
        n = (tile // tiles).to(tl.int64)
        position = tile % tiles * T + tl.arange(0, T)
        value = _read(p, n, CO * HW, co, position, CO, HW).to(tl.float32)
        given = _read(g, n, g_step, co, position, CO, HW).to(tl.float32)
        away = (value - m[:, None]) * scale[:, None]
        through = gain[:, None] * (given - of_bias[:, None] - away * of_weight[:, None])
        source = _read(x, n, x_step, ci, position, CI, HW)
        through = tl.where(real[:, None] & (position[None, :] < HW), through, 0.0).to(source.dtype)
        out = tl.dot(tl.trans(kernel.to(source.dtype)), through, input_precision=P)
        if RELU:
            out = tl.where(source > 0, out, 0.0)
            source = tl.where(source > 0, source, 0.0).to(x.dtype.element_ty)
        inside = (ci[:, None] < CI) & (position[None, :] < HW)
        tl.store(gx + (n * CI + ci[:, None]) * HW + position[None, :], out.to(gx.dtype.element_ty), inside)
        sums += tl.dot(through, tl.trans(source), input_precision=P)
    place = parts + (tl.program_id(0) * CO + co[:, None]) * CI + ci[None, :]
    tl.store(place, sums, real[:, None] & (ci[None, :] < CI))


def conv1x1_bn(x: Tensor, weight: Tensor, norm: nn.BatchNorm2d, relu: bool) -> Tensor:
    """What a 1x1 convolution and a batch normalization make of a map that is rectified first, if so wanted.

    In training mode the running statistics are moved, as PyTorch's layer does.

    Args:
        x: The map, (n, c, h, w), its images contiguous.
        weight: The convolution, (o, c, 1, 1).
        norm: The normalization, with weight, bias and running statistics.
        relu: Whether negative values count as zeros.

    Returns:
        The map, (n, o, h, w), of the type of `x`.
    """
    if norm.training:
        return _Conv1x1BN.apply(x, weight, norm.weight, norm.bias, norm, relu)  # type: ignore[return-value]
    return _project_all(x, weight, norm, relu, given=True)[0]


def _sizes(weight: Tensor, positions: int, most: int) -> dict[str, int]:
    """Tiles: channels in and out, and as many positions as fit beside them without leaving the registers."""
    inner, outer = (max(16, triton.next_power_of_2(size)) for size in (weight.shape[1], weight.shape[0]))
    room = max(16, min(most, 8192 // max(inner, outer), triton.next_power_of_2(positions)))
    return {"BI": inner, "BO": outer, "T": room, "num_warps": 4 if inner <= 32 else 8}


def _project_all(
    x: Tensor, weight: Tensor, norm: nn.BatchNorm2d, relu: bool, given: bool
) -> tuple[Tensor, Tensor, int]:
    """The projected map, the sums of its tiles, and the positions in a tile; normalized, if statistics are given."""
    x, step = rows(x)
    n, channels, height, width = x.shape
    out, positions = weight.shape[0], height * width
    sizes = _sizes(weight, positions, 256)
    y = x.new_empty(n, out, height, width)
    programs = n * triton.cdiv(positions, sizes["T"])
    sums = x.new_empty(2, out, 1 if given else programs, dtype=torch.float32)
    statistics = norm.running_mean, norm.running_var, norm.eps
    _project[(programs,)](
        x, weight, y, sums, norm.weight, norm.bias, *statistics, channels, out, positions, step,
        RELU=relu, NORMALIZE=given, P=precision(), **sizes,
    )  # fmt: skip
    return y, sums, sizes["T"]


class _Conv1x1BN(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, gain: Tensor, bias: Tensor, norm: nn.BatchNorm2d, relu: bool
    ) -> Tensor:
        x, _ = rows(x)
        projected, sums, tile = _project_all(x, weight, norm, relu, given=False)
        y, statistics = normalized(projected, sums, tile, norm)
        ctx.save_for_backward(x, weight, gain, projected, statistics)
        ctx.eps, ctx.relu = norm.eps, relu
        return y

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, gain, projected, statistics = ctx.saved_tensors
        given, g_step = rows(gradients[0])
        n, channels, height, width = projected.shape
        positions = height * width
        norm_parts = parts_of_norm(projected, given, g_step, statistics, ctx.eps)
        number, of_norm = norm_parts.shape[2], torch.empty_like(statistics)
        sizes = _sizes(weight, positions, 64)
        programs = max(FEWEST, min(PROGRAMS, PARTS // weight.numel()))
        programs = min(n * triton.cdiv(positions, sizes["T"]), programs)
        of_x = x.new_empty(x.shape)
        of_weight = x.new_empty(programs, *weight.shape, dtype=torch.float32)
        _gradients[(programs,)](
            x, weight, projected, given, of_x, of_weight, *statistics, gain, norm_parts, number, of_norm, ctx.eps,
            n * positions, n, x.shape[1], channels, positions, x.stride(0), g_step, RELU=ctx.relu,
            BP=triton.next_power_of_2(number), P=precision(), num_stages=1, **sizes,
        )  # fmt: skip
        return of_x, total(of_weight).to(weight.dtype), of_norm[1], of_norm[0], None, None
