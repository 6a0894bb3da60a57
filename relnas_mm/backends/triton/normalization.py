"""Batch normalization, alone or after a convolution that summed its output.

Statistics of tiles are merged by the formula of Chan, Golub and LeVeque (1983), which avoids cancellation.
"""

# Triton types a kernel as the plain function that it decorates.
# pyright: reportCallIssue=false, reportArgumentType=false, reportReturnType=false
# pyright: reportIncompatibleMethodOverride=false, reportGeneralTypeIssues=false
from typing import Any, TypeGuard

import torch
import triton
import triton.language as tl
from torch import Tensor, nn

from relnas_mm.backends.conditions import is_plain_batch_norm
from relnas_mm.backends.triton.dispatch import contiguous_images

BLOCK = 1024
PROGRAMS = 1024
"""Most programs that share the channels of a map."""


@triton.jit
def _sum_tiles(p, sums, C, HW, step, T: tl.constexpr):
    """Sum, and sum of squared deviations from the tile's mean, of one tile of a channel of an image."""
    tile, c, n = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    position = tile * T + tl.arange(0, T)
    value = tl.load(p + n.to(tl.int64) * step + c * HW + position, position < HW, 0.0).to(tl.float32)
    total = tl.sum(value, 0)
    deviation = tl.where(position < HW, value - total / tl.minimum(T, HW - tile * T), 0.0)
    parts = tl.num_programs(0) * tl.num_programs(2)
    pointer = sums + c * parts + n * tl.num_programs(0) + tile
    tl.store(pointer, total)
    tl.store(pointer + C * parts, tl.sum(deviation * deviation, 0))


@triton.jit(do_not_specialize=["number", "N"])
def _normalize(
    p, y, sums, mean, variance, weight, bias, running_mean, running_variance, batches, momentum, eps, number, N, C, HW,
    T: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Normalizes a strided set of blocks of a channel by the merged statistics; updates the running statistics."""
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
        deviation = tl.load(sums + c * number + part, part < number, 0.0) / size - m
        within = tl.load(sums + (C + c) * number + part, part < number, 0.0)
        squares += tl.where(part < number, within + size * deviation * deviation, 0.0)
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
        index = start + tl.arange(0, BLOCK)
        offset = ((index // HW).to(tl.int64) * C + c) * HW + index % HW
        out = (tl.load(p + offset, index < count, 0.0).to(tl.float32) - m) * scale + shift
        tl.store(y + offset, out.to(y.dtype.element_ty), index < count)


@triton.jit(do_not_specialize=["N"])
def _sum_gradients(p, g, parts, mean, variance, eps, N, C, HW, g_step, BLOCK: tl.constexpr):
    """Partial gradients of bias and weight over a strided set of blocks of a channel."""
    c = tl.program_id(0)
    m, scale = tl.load(mean + c), 1.0 / tl.sqrt(tl.load(variance + c) + eps)
    grad_bias = tl.zeros((BLOCK,), tl.float32)
    grad_weight = tl.zeros((BLOCK,), tl.float32)
    for start in range(tl.program_id(1) * BLOCK, N * HW, tl.num_programs(1) * BLOCK):
        index = start + tl.arange(0, BLOCK)
        n, position = (index // HW).to(tl.int64), index % HW
        grad = tl.load(g + n * g_step + c * HW + position, index < N * HW, 0.0).to(tl.float32)
        value = tl.load(p + (n * C + c) * HW + position, index < N * HW, 0.0).to(tl.float32)
        grad_bias += grad
        grad_weight += grad * (value - m) * scale
    pointer = parts + c * tl.num_programs(1) + tl.program_id(1)
    tl.store(pointer, tl.sum(grad_bias, 0))
    tl.store(pointer + C * tl.num_programs(1), tl.sum(grad_weight, 0))


@triton.jit
def _gradient(p, g, gx, mean, variance, weight, grad_norm, eps, count, total, C, HW, g_step, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = index < total
    c, n = index // HW % C, (index // HW // C).to(tl.int64)
    scale = 1.0 / tl.sqrt(tl.load(variance + c, valid, 1.0) + eps)
    x_hat = (tl.load(p + index, valid, 0.0).to(tl.float32) - tl.load(mean + c, valid, 0.0)) * scale
    grad = tl.load(g + n * g_step + index % (C * HW), valid, 0.0).to(tl.float32)
    out = grad - (tl.load(grad_norm + c, valid, 0.0) + x_hat * tl.load(grad_norm + C + c, valid, 0.0)) / count
    tl.store(gx + index, (tl.load(weight + c, valid, 0.0) * scale * out).to(gx.dtype.element_ty), valid)


def can_normalize(norm: nn.Module, x: Tensor) -> TypeGuard[nn.BatchNorm2d]:
    """Whether the kernels support a normalization of this map."""
    if not is_plain_batch_norm(norm):
        return False
    # In evaluation mode the kernels have no backward pass; a single value per channel has no variance.
    return x.numel() > x.shape[1] if norm.training else not torch.is_grad_enabled()


def batch_norm(x: Tensor, norm: nn.BatchNorm2d) -> Tensor:
    """Applies a batch normalization in training mode to a map, (n, c, h, w), with contiguous images."""
    return _BatchNorm.apply(x, norm.weight, norm.bias, norm)  # type: ignore[return-value]


def normalize_from_sums(x: Tensor, sums: Tensor, tile: int, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Normalizes a contiguous map by batch statistics, and updates the running statistics.

    Args:
        x: Shape (n, c, h, w).
        sums: For each channel and tile the sum and the sum of squared deviations from its mean, (2, c, tiles).
        tile: Positions in a tile.
        norm: The normalization.

    Returns:
        The normalized map, and the batch mean and variance, (2, c).
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
    """Channels, and programs per channel."""
    channels = x.shape[1]
    return channels, max(1, min(triton.cdiv(x.numel() // channels, BLOCK), PROGRAMS // channels))


def norm_grad_parts(x: Tensor, grad_output: Tensor, g_step: int, statistics: Tensor, eps: float) -> Tensor:
    """Partial sums, (2, c, parts), of the gradients of a normalization's bias and weight."""
    n, channels, height, width = x.shape
    parts = x.new_empty(2, *_grid(x), dtype=torch.float32)
    _sum_gradients[_grid(x)](x, grad_output, parts, *statistics, eps, n, channels, height * width, g_step, BLOCK=BLOCK)
    return parts


class _BatchNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, gain: Tensor, bias: Tensor, norm: nn.BatchNorm2d) -> Tensor:
        x = x.contiguous()
        n, channels, height, width = x.shape
        positions = height * width
        tile = min(BLOCK, triton.next_power_of_2(positions))
        tiles = triton.cdiv(positions, tile)
        sums = x.new_empty(2, channels, n * tiles, dtype=torch.float32)
        _sum_tiles[(tiles, channels, n)](x, sums, channels, positions, x.stride(0), T=tile)
        y, statistics = normalize_from_sums(x, sums, tile, norm)
        ctx.save_for_backward(x, gain, statistics)
        ctx.eps = norm.eps
        return y

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        x, gain, statistics = ctx.saved_tensors
        grad_output, g_step = contiguous_images(grad_outputs[0])
        n, channels, height, width = x.shape
        grad_norm = norm_grad_parts(x, grad_output, g_step, statistics, ctx.eps).sum(2)
        grad_x, positions = torch.empty_like(x), height * width
        sizes = (n * positions, x.numel(), channels, positions, g_step)
        grid = (triton.cdiv(x.numel(), BLOCK),)
        _gradient[grid](x, grad_output, grad_x, *statistics, gain, grad_norm, ctx.eps, *sizes, BLOCK=BLOCK)
        return grad_x, grad_norm[1], grad_norm[0], None
