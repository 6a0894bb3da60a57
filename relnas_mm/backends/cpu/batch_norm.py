"""Batch normalization in training on CPUs, for channels-last feature maps.

PyTorch vectorizes over the channels of one pixel, which is slow where they do not fill the vector registers: five times
slower than necessary with 46 channels.  Here channels-last memory is viewed as rows of k pixels x C channels, a
multiple of the SIMD width, and partial statistics are merged.  `docs/performance.md` measures the gain.
"""

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from relnas_mm.backends.conditions import has_hooks, is_plain_batch_norm, trains_on_cpu

WIDTH = 256
"""Least number of elements in a row, where the map allows it."""
SIMD_WIDTH = 16
"""Elements in the widest vector register; rows are multiples of it, where the map allows it."""


def batch_norm(x: Tensor, layer: nn.Module) -> Tensor:
    """Applies a layer, by the faster algorithm if it is a batch normalization in training on a CPU.

    Args:
        x: Shape (n, c, h, w).
        layer: Any layer.  The running statistics of a batch normalization are updated.
    """
    if not _applies(x, layer):
        return layer(x)
    return _BatchNorm.apply(x, layer.weight, layer.bias, layer)  # type: ignore[return-value]


def _applies(x: Tensor, norm: nn.Module) -> bool:
    if not is_plain_batch_norm(norm):
        return False
    fits = x.dtype == norm.weight.dtype and x.is_contiguous(memory_format=torch.channels_last)
    several = x.numel() > x.shape[1]  # one value has no variance
    return fits and several and norm.training and trains_on_cpu(x) and not has_hooks(norm)


def _pixels_at_a_time(channels: int, positions: int) -> int:
    """Pixels in a row: a power of 2 that divides the number of positions."""
    pixels = 1
    while positions % (2 * pixels) == 0 and (pixels * channels < WIDTH or pixels * channels % SIMD_WIDTH):
        pixels *= 2
    return pixels


def _as_rows(x: Tensor, pixels: int) -> Tensor:
    """Views a channels-last map as a matrix with the channels of `pixels` pixels in each row."""
    return x.permute(0, 2, 3, 1).view(-1, pixels * x.shape[1])


def _per_row(value: Tensor, pixels: int) -> Tensor:
    """Repeats a vector of channels for the pixels of a row; `Tensor.repeat` takes twice as long."""
    return value.expand(pixels, -1).reshape(-1).contiguous()  # with one channel, reshape is a view of stride 0


def _as_map(rows: Tensor) -> Tensor:
    """Views a matrix of rows as a channels-last map of height 1."""
    return rows[None, :, None].permute(0, 3, 1, 2)


class _BatchNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, norm: nn.BatchNorm2d) -> Tensor:
        channels, count = x.shape[1], x.numel() // x.shape[1]
        pixels = _pixels_at_a_time(channels, count)
        rows = _as_rows(x, pixels)
        parts = torch.batch_norm_update_stats(_as_map(rows), None, None, 0.0)
        means, variances = (part.view(pixels, channels) for part in parts)
        mean = means.mean(0)
        variance = (variances + (means - mean).square()).mean(0)  # all parts have the same size
        assert norm.running_mean is not None and norm.running_var is not None and norm.num_batches_tracked is not None
        momentum = cast(float, norm.momentum)
        norm.running_mean.lerp_(mean, momentum)
        norm.running_var.lerp_(variance * (count / (count - 1)), momentum)
        norm.num_batches_tracked.add_(1)
        scale = weight * torch.rsqrt(variance + norm.eps)
        out = torch.empty_like(x)  # not a view, as a ReLU may overwrite it
        torch.addcmul(_per_row(bias - mean * scale, pixels), rows, _per_row(scale, pixels), out=_as_rows(out, pixels))
        ctx.save_for_backward(x, weight, bias, mean, variance)
        ctx.eps, ctx.pixels = norm.eps, pixels
        return out

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, bias, mean, variance = ctx.saved_tensors
        grad_output = grad_outputs[0]
        if torch.is_grad_enabled():  # double backward
            out = F.batch_norm(x, None, None, weight, bias, training=True, eps=ctx.eps)
            return *torch.autograd.grad(out, (x, weight, bias), grad_output, create_graph=True), None
        pixels, channels, count = ctx.pixels, x.shape[1], x.numel() // x.shape[1]
        rows = _as_rows(x, pixels)
        grad_rows = _as_rows(grad_output.contiguous(memory_format=torch.channels_last), pixels)
        statistics = (_per_row(weight, pixels), _per_row(mean, pixels), _per_row(variance, pixels))
        _, *parts = torch.ops.aten.native_batch_norm_backward(
            _as_map(grad_rows), _as_map(rows), *statistics, None, None, False, ctx.eps, [False, True, True]
        )
        grad_weight, grad_bias = (part.view(pixels, channels).sum(0) for part in parts)
        inverse_std = torch.rsqrt(variance + ctx.eps)
        scale = weight * inverse_std
        slope = -scale * inverse_std * grad_weight / count
        intercept = -scale * grad_bias / count - slope * mean
        grad_x = torch.empty_like(x)
        out = _as_rows(grad_x, pixels)
        torch.addcmul(_per_row(intercept, pixels), rows, _per_row(slope, pixels), out=out)
        out.addcmul_(grad_rows, _per_row(scale, pixels))
        return grad_x, grad_weight, grad_bias, None
