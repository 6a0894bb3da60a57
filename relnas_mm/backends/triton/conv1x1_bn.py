"""ReLU, 1x1 convolution and batch normalization, fused.

The convolution accumulates the batch statistics of its output, and the backward pass computes the gradients of input
and weight in one pass over the input.
"""

# Triton types a kernel as the plain function that it decorates.
# pyright: reportCallIssue=false, reportArgumentType=false, reportReturnType=false
# pyright: reportIncompatibleMethodOverride=false, reportGeneralTypeIssues=false
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor, nn

from relnas_mm.backends.triton.dispatch import contiguous_images, precision
from relnas_mm.backends.triton.normalization import norm_grad_parts, normalize_from_sums
from relnas_mm.backends.triton.reduce import sum_parts

PROGRAMS, FEWEST = 660, 132
"""Most programs that share the gradient of a weight: of a small one, and of any."""
PARTS = 2**18
"""Most elements of the partial gradients of all programs, unless that leaves fewer than `FEWEST` programs."""


@triton.jit
def _read(x, n, step, channels, positions, C, HW):
    """Loads a (channels, positions) tile of an image, zeros outside it."""
    inside = (channels[:, None] < C) & (positions[None, :] < HW)
    return tl.load(x + n * step + channels[:, None] * HW + positions[None, :], inside, 0.0)


@triton.jit
def _project(
    x, w, y, sums, weight, bias, mean, variance, eps, CI, CO, HW, x_step,
    RELU: tl.constexpr, NORMALIZE: tl.constexpr, BI: tl.constexpr, BO: tl.constexpr, T: tl.constexpr, P: tl.constexpr,
):  # fmt: skip
    """Convolves a tile of an image, and either normalizes it by running statistics or sums it for batch statistics."""
    tiles = tl.cdiv(HW, T)
    n = (tl.program_id(0) // tiles).to(tl.int64)
    position = tl.program_id(0) % tiles * T + tl.arange(0, T)
    ci, co = tl.arange(0, BI), tl.arange(0, BO)
    value = _read(x, n, x_step, ci, position, CI, HW)
    if RELU:
        value = tl.where(value > 0, value, 0.0).to(x.dtype.element_ty)
    kernel = tl.load(w + co[:, None] * CI + ci[None, :], (co[:, None] < CO) & (ci[None, :] < CI), 0.0)
    out = tl.dot(kernel.to(value.dtype), value, input_precision=P)
    if NORMALIZE:
        valid = co < CO
        scale = tl.load(weight + co, valid, 0.0) / tl.sqrt(tl.load(variance + co, valid, 1.0) + eps)
        out = out * scale[:, None] + (tl.load(bias + co, valid, 0.0) - tl.load(mean + co, valid, 0.0) * scale)[:, None]
    out = out.to(y.dtype.element_ty)
    inside = (co[:, None] < CO) & (position[None, :] < HW)
    tl.store(y + (n * CO + co[:, None]) * HW + position[None, :], out, inside)
    if not NORMALIZE:
        out = out.to(tl.float32)
        count = tl.minimum(T, HW - tl.program_id(0) % tiles * T)
        total = tl.sum(out, 1)
        deviation = tl.where(position[None, :] < HW, out - (total / count)[:, None], 0.0)
        pointer = sums + co * tl.num_programs(0) + tl.program_id(0)
        tl.store(pointer, total, co < CO)
        tl.store(pointer + CO * tl.num_programs(0), tl.sum(deviation * deviation, 1), co < CO)


@triton.jit(do_not_specialize=["number", "count", "images"])
def _gradients(
    x, w, p, g, gx, parts, mean, variance, weight, norm_parts, number, grad_norm, eps, count, images, CI, CO, HW,
    x_step, g_step,
    RELU: tl.constexpr, BI: tl.constexpr, BO: tl.constexpr, BP: tl.constexpr, T: tl.constexpr, P: tl.constexpr,
):  # fmt: skip
    """Input gradient, and a part of the weight gradient, of a strided set of tiles; also sums the norm's gradients."""
    ci, co = tl.arange(0, BI), tl.arange(0, BO)
    valid = co < CO
    kernel = tl.load(w + co[:, None] * CI + ci[None, :], valid[:, None] & (ci[None, :] < CI), 0.0)
    m = tl.load(mean + co, valid, 0.0)
    scale = 1.0 / tl.sqrt(tl.load(variance + co, valid, 1.0) + eps)
    gain = tl.load(weight + co, valid, 0.0) * scale
    part = norm_parts + co[:, None] * number + tl.arange(0, BP)[None, :]
    valid_part = valid[:, None] & (tl.arange(0, BP) < number)[None, :]
    grad_bias, grad_gain = (
        tl.sum(tl.load(part, valid_part, 0.0), 1),
        tl.sum(tl.load(part + CO * number, valid_part, 0.0), 1),
    )
    if tl.program_id(0) == 0:
        tl.store(grad_norm + co, grad_bias, valid)
        tl.store(grad_norm + CO + co, grad_gain, valid)
    grad_bias, grad_gain = grad_bias / count, grad_gain / count
    tiles = tl.cdiv(HW, T)
    sums = tl.zeros((BO, BI), tl.float32)
    for tile in range(tl.program_id(0), images * tiles, tl.num_programs(0)):
        n = (tile // tiles).to(tl.int64)
        position = tile % tiles * T + tl.arange(0, T)
        value = _read(p, n, CO * HW, co, position, CO, HW).to(tl.float32)
        grad = _read(g, n, g_step, co, position, CO, HW).to(tl.float32)
        x_hat = (value - m[:, None]) * scale[:, None]
        grad_conv = gain[:, None] * (grad - grad_bias[:, None] - x_hat * grad_gain[:, None])
        source = _read(x, n, x_step, ci, position, CI, HW)
        grad_conv = tl.where(valid[:, None] & (position[None, :] < HW), grad_conv, 0.0).to(source.dtype)
        out = tl.dot(tl.trans(kernel.to(source.dtype)), grad_conv, input_precision=P)
        if RELU:
            out = tl.where(source > 0, out, 0.0)
            source = tl.where(source > 0, source, 0.0).to(x.dtype.element_ty)
        inside = (ci[:, None] < CI) & (position[None, :] < HW)
        tl.store(gx + (n * CI + ci[:, None]) * HW + position[None, :], out.to(gx.dtype.element_ty), inside)
        sums += tl.dot(grad_conv, tl.trans(source), input_precision=P)
    pointer = parts + (tl.program_id(0) * CO + co[:, None]) * CI + ci[None, :]
    tl.store(pointer, sums, valid[:, None] & (ci[None, :] < CI))


def conv1x1_bn(x: Tensor, weight: Tensor, norm: nn.BatchNorm2d, relu: bool) -> Tensor:
    """Applies a ReLU if asked to, a 1x1 convolution and a batch normalization.

    Args:
        x: Shape (n, c, h, w), with contiguous images.
        weight: Weight of the convolution, (o, c, 1, 1).
        norm: Affine normalization; in training mode its running statistics are updated.
        relu: Whether a ReLU precedes the convolution.

    Returns:
        The normalized map, (n, o, h, w), of the data type of `x`.
    """
    if norm.training:
        return _Conv1x1BN.apply(x, weight, norm.weight, norm.bias, norm, relu)  # type: ignore[return-value]
    return _project_all(x, weight, norm, relu, normalize=True)[0]


def _sizes(weight: Tensor, positions: int, most: int) -> dict[str, int]:
    """Tile sizes: channels in and out, and as many positions as the registers hold beside them."""
    inner, outer = (max(16, triton.next_power_of_2(size)) for size in (weight.shape[1], weight.shape[0]))
    tile = max(16, min(most, 8192 // max(inner, outer), triton.next_power_of_2(positions)))
    return {"BI": inner, "BO": outer, "T": tile, "num_warps": 4 if inner <= 32 else 8}


def _project_all(
    x: Tensor, weight: Tensor, norm: nn.BatchNorm2d, relu: bool, normalize: bool
) -> tuple[Tensor, Tensor, int]:
    """Runs `_project`; returns its output, the sums of the tiles, and the positions in a tile."""
    x, step = contiguous_images(x)
    n, channels, height, width = x.shape
    out, positions = weight.shape[0], height * width
    sizes = _sizes(weight, positions, 256)
    y = x.new_empty(n, out, height, width)
    programs = n * triton.cdiv(positions, sizes["T"])
    sums = x.new_empty(2, out, 1 if normalize else programs, dtype=torch.float32)
    statistics = norm.running_mean, norm.running_var, norm.eps
    _project[(programs,)](
        x, weight, y, sums, norm.weight, norm.bias, *statistics, channels, out, positions, step,
        RELU=relu, NORMALIZE=normalize, P=precision(), **sizes,
    )  # fmt: skip
    return y, sums, sizes["T"]


class _Conv1x1BN(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, gain: Tensor, bias: Tensor, norm: nn.BatchNorm2d, relu: bool
    ) -> Tensor:
        x, _ = contiguous_images(x)
        projected, sums, tile = _project_all(x, weight, norm, relu, normalize=False)
        y, statistics = normalize_from_sums(projected, sums, tile, norm)
        ctx.save_for_backward(x, weight, gain, projected, statistics)
        ctx.eps, ctx.relu = norm.eps, relu
        return y

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, gain, projected, statistics = ctx.saved_tensors
        grad_output, g_step = contiguous_images(grad_outputs[0])
        n, channels, height, width = projected.shape
        positions = height * width
        norm_parts = norm_grad_parts(projected, grad_output, g_step, statistics, ctx.eps)
        number, grad_norm = norm_parts.shape[2], torch.empty_like(statistics)
        sizes = _sizes(weight, positions, 64)
        programs = max(FEWEST, min(PROGRAMS, PARTS // weight.numel()))
        programs = min(n * triton.cdiv(positions, sizes["T"]), programs)
        grad_x = x.new_empty(x.shape)
        grad_weight = x.new_empty(programs, *weight.shape, dtype=torch.float32)
        _gradients[(programs,)](
            x, weight, projected, grad_output, grad_x, grad_weight, *statistics, gain, norm_parts, number, grad_norm,
            ctx.eps, n * positions, n, x.shape[1], channels, positions, x.stride(0), g_step, RELU=ctx.relu,
            BP=triton.next_power_of_2(number), P=precision(), num_stages=1, **sizes,
        )  # fmt: skip
        return grad_x, sum_parts(grad_weight).to(weight.dtype), grad_norm[1], grad_norm[0], None, None
