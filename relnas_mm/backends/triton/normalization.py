"""Batch normalization, alone or behind a convolution that has summed what it wrote.

Statistics of parts are joined as Chan, Golub and LeVeque do (1983), so that no large numbers are subtracted.
"""

# Triton types kernels as the functions that they are written as.
# pyright: reportCallIssue=false, reportArgumentType=false, reportReturnType=false
# pyright: reportIncompatibleMethodOverride=false, reportGeneralTypeIssues=false
from typing import Any, TypeGuard

import torch
import triton
import triton.language as tl
from torch import Tensor, nn

from relnas_mm.backends.conditions import is_plain_batch_norm
from relnas_mm.backends.triton.dispatch import rows

BLOCK = 1024
PROGRAMS = 1024
"""At most so many programs share the channels of a map."""


@triton.jit
def _sum_tiles(p, sums, C, HW, step, T: tl.constexpr):
    """Sum, and sum of the squared distances from their mean, of a tile of a channel of an image."""
    tile, c, n = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    position = tile * T + tl.arange(0, T)
    value = tl.load(p + n.to(tl.int64) * step + c * HW + position, position < HW, 0.0).to(tl.float32)
    total = tl.sum(value, 0)
    away = tl.where(position < HW, value - total / tl.minimum(T, HW - tile * T), 0.0)
    parts = tl.num_programs(0) * tl.num_programs(2)
    place = sums + c * parts + n * tl.num_programs(0) + tile
    tl.store(place, total)
    tl.store(place + C * parts, tl.sum(away * away, 0))


@triton.jit(do_not_specialize=["number", "N"])
def _normalize(
    p, y, sums, mean, variance, weight, bias, running_mean, running_variance, batches, momentum, eps, number, N, C, HW,
    T: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Every so many blocks of a channel, by statistics of the sums of the tiles; the running ones are moved."""
    c = tl.program_id(0)
    tiles, count = tl.cdiv(HW, T), N * HW
    total = tl.zeros((BLOCK,), tl.float32)
    for start in range(0, number, BLOCK):
        part = start + tl.arange(0, BLOCK)
        total += tl.load(sums + c * number + part, part < number, 0.0)
    m = tl.sum(total, 0) / count
    squares = tl.zeros((BLOCK,), tl.float32)
    for start in range(0, number, BLOCK):
        part = start + tl.arange(0, BLOCK)
        size = tl.minimum(T, HW - part % tiles * T).to(tl.float32)
        away = tl.load(sums + c * number + part, part < number, 0.0) / size - m
        own = tl.load(sums + (C + c) * number + part, part < number, 0.0)
        squares += tl.where(part < number, own + size * away * away, 0.0)
    square = tl.sum(squares, 0)
    if tl.program_id(1) == 0:
        tl.store(mean + c, m)
        tl.store(variance + c, square / count)
        old = tl.load(running_mean + c)
        tl.store(running_mean + c, old + momentum * (m - old))
        old = tl.load(running_variance + c)
        tl.store(running_variance + c, old + momentum * (square / (count - 1) - old))
        if c == 0:
            tl.store(batches, tl.load(batches) + 1)
    scale, shift = tl.load(weight + c) / tl.sqrt(square / count + eps), tl.load(bias + c)
    for start in range(tl.program_id(1) * BLOCK, count, tl.num_programs(1) * BLOCK):
        at = start + tl.arange(0, BLOCK)
        place = ((at // HW).to(tl.int64) * C + c) * HW + at % HW
        out = (tl.load(p + place, at < count, 0.0).to(tl.float32) - m) * scale + shift
        tl.store(y + place, out.to(y.dtype.element_ty), at < count)


@triton.jit(do_not_specialize=["N"])
def _sum_gradients(p, g, parts, mean, variance, eps, N, C, HW, g_step, BLOCK: tl.constexpr):
    """Of the bias and of the weight of the normalization, over each PROGRAMS-th block of a channel's positions."""
    c = tl.program_id(0)
    m, scale = tl.load(mean + c), 1.0 / tl.sqrt(tl.load(variance + c) + eps)
    of_bias = tl.zeros((BLOCK,), tl.float32)
    of_weight = tl.zeros((BLOCK,), tl.float32)
    for start in range(tl.program_id(1) * BLOCK, N * HW, tl.num_programs(1) * BLOCK):
        at = start + tl.arange(0, BLOCK)
        n, position = (at // HW).to(tl.int64), at % HW
        given = tl.load(g + n * g_step + c * HW + position, at < N * HW, 0.0).to(tl.float32)
        value = tl.load(p + (n * C + c) * HW + position, at < N * HW, 0.0).to(tl.float32)
        of_bias += given
        of_weight += given * (value - m) * scale
    place = parts + c * tl.num_programs(1) + tl.program_id(1)
    tl.store(place, tl.sum(of_bias, 0))
    tl.store(place + C * tl.num_programs(1), tl.sum(of_weight, 0))


@triton.jit
def _gradient(p, g, gx, mean, variance, weight, of_norm, eps, count, total, C, HW, g_step, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = at < total
    c, n = at // HW % C, (at // HW // C).to(tl.int64)
    scale = 1.0 / tl.sqrt(tl.load(variance + c, valid, 1.0) + eps)
    away = (tl.load(p + at, valid, 0.0).to(tl.float32) - tl.load(mean + c, valid, 0.0)) * scale
    given = tl.load(g + n * g_step + at % (C * HW), valid, 0.0).to(tl.float32)
    out = given - (tl.load(of_norm + c, valid, 0.0) + away * tl.load(of_norm + C + c, valid, 0.0)) / count
    tl.store(gx + at, (tl.load(weight + c, valid, 0.0) * scale * out).to(gx.dtype.element_ty), valid)


def normalizes(norm: nn.Module, x: Tensor) -> TypeGuard[nn.BatchNorm2d]:
    """Whether it is a normalization that the kernels compute for a map."""
    if not is_plain_batch_norm(norm):
        return False
    # What needs no new statistics has no backward pass here, and one value has no variance.
    return x.numel() > x.shape[1] if norm.training else not torch.is_grad_enabled()


def normalization(x: Tensor, norm: nn.BatchNorm2d) -> Tensor:
    """What a batch normalization in training mode makes of a map, (n, c, h, w), its images contiguous."""
    return _Normalization.apply(x, norm.weight, norm.bias, norm)  # type: ignore[return-value]


def normalized(x: Tensor, sums: Tensor, tile: int, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Normalizes a contiguous map, and moves the running statistics as PyTorch's layer does.

    Args:
        x: The map, (n, c, h, w).
        sums: Of each channel and tile the sum, and that of the squared distances from its mean, (2, c, tiles).
        tile: Positions in a tile.
        norm: The normalization.

    Returns:
        The normalized map; mean and variance, (2, c).
    """
    n, channels, height, width = x.shape
    positions = height * width
    statistics, y = x.new_empty(2, channels, dtype=torch.float32), torch.empty_like(x)
    running = norm.running_mean, norm.running_var, norm.num_batches_tracked, norm.momentum
    _normalize[_grid(x)](
        x, y, sums, *statistics, norm.weight, norm.bias, *running, norm.eps,
        sums.shape[2], n, channels, positions, T=tile, BLOCK=BLOCK,
    )  # fmt: skip
    return y, statistics


def _grid(x: Tensor) -> tuple[int, int]:
    """Channels, and programs that share one."""
    channels = x.shape[1]
    return channels, max(1, min(triton.cdiv(x.numel() // channels, BLOCK), PROGRAMS // channels))


def parts_of_norm(x: Tensor, given: Tensor, g_step: int, statistics: Tensor, eps: float) -> Tensor:
    """Parts, (2, c, parts), whose sums are the gradients of the bias and of the weight of a normalization."""
    n, channels, height, width = x.shape
    parts = x.new_empty(2, *_grid(x), dtype=torch.float32)
    _sum_gradients[_grid(x)](x, given, parts, *statistics, eps, n, channels, height * width, g_step, BLOCK=BLOCK)
    return parts


class _Normalization(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, gain: Tensor, bias: Tensor, norm: nn.BatchNorm2d) -> Tensor:
        x = x.contiguous()
        n, channels, height, width = x.shape
        positions = height * width
        tile = min(BLOCK, triton.next_power_of_2(positions))
        tiles = triton.cdiv(positions, tile)
        sums = x.new_empty(2, channels, n * tiles, dtype=torch.float32)
        _sum_tiles[(tiles, channels, n)](x, sums, channels, positions, x.stride(0), T=tile)
        y, statistics = normalized(x, sums, tile, norm)
        ctx.save_for_backward(x, gain, statistics)
        ctx.eps = norm.eps
        return y

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, gain, statistics = ctx.saved_tensors
        given, g_step = rows(gradients[0])
        n, channels, height, width = x.shape
        of_norm = parts_of_norm(x, given, g_step, statistics, ctx.eps).sum(2)
        of_x, positions = torch.empty_like(x), height * width
        sizes = (n * positions, x.numel(), channels, positions, g_step)
        grid = (triton.cdiv(x.numel(), BLOCK),)
        _gradient[grid](x, given, of_x, *statistics, gain, of_norm, ctx.eps, *sizes, BLOCK=BLOCK)
        return of_x, of_norm[1], of_norm[0], None
