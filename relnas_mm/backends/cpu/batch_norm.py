"""Batch normalization in training on CPUs, for feature maps with their channels last in memory.

PyTorch's loops run over the channels of one position, and are slow where these do not fill the vector registers: with
46 channels five times slower than they could be.  Here channels-last memory is viewed as k pixels x C channels, a
multiple of the SIMD width, and partial statistics are merged.  `docs/performance.md` has what that brings.
"""

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from relnas_mm.backends.conditions import has_hooks, is_plain_batch_norm
from relnas_mm.backends.cpu.conditions import trains_on_cpu

WIDTH = 256
"""So many numbers are taken at a time, at least."""
SIMD_WIDTH = 16
"""Numbers in the largest vector register: a multiple of it leaves no rest."""


def batch_norm(x: Tensor, layer: nn.Module) -> Tensor:
    """What a layer gives, faster if it is a batch normalization that trains on a CPU; its statistics are updated.

    Args:
        x: Shape (n, c, h, w).
        layer: The layer; every other one computes itself.
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
    """How many pixels are viewed as one row."""
    times = 1
    while positions % (2 * times) == 0 and (times * channels < WIDTH or times * channels % SIMD_WIDTH):
        times *= 2
    return times


def _wide(x: Tensor, times: int) -> Tensor:
    """A view of a map with the channels last as rows of some positions' channels."""
    return x.permute(0, 2, 3, 1).view(-1, times * x.shape[1])


def _repeated(value: Tensor, times: int) -> Tensor:
    """A vector for several positions; `Tensor.repeat` takes twice as long."""
    return value.expand(times, -1).reshape(-1).contiguous()  # one channel is still a view, without steps


def _as_map(rows: Tensor) -> Tensor:
    """Rows as a map with the channels last."""
    return rows[None, :, None].permute(0, 3, 1, 2)


class _BatchNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, norm: nn.BatchNorm2d) -> Tensor:
        channels, count = x.shape[1], x.numel() // x.shape[1]
        times = _pixels_at_a_time(channels, count)
        rows = _wide(x, times)
        parts = torch.batch_norm_update_stats(_as_map(rows), None, None, 0.0)
        means, variances = (part.view(times, channels) for part in parts)
        mean = means.mean(0)
        variance = (variances + (means - mean).square()).mean(0)  # of parts of equal size
        assert norm.running_mean is not None and norm.running_var is not None and norm.num_batches_tracked is not None
        momentum = cast(float, norm.momentum)
        norm.running_mean.lerp_(mean, momentum)
        norm.running_var.lerp_(variance * (count / (count - 1)), momentum)
        norm.num_batches_tracked.add_(1)
        scale = weight * torch.rsqrt(variance + norm.eps)
        out = torch.empty_like(x)  # no view: a ReLU may overwrite it
        torch.addcmul(_repeated(bias - mean * scale, times), rows, _repeated(scale, times), out=_wide(out, times))
        ctx.save_for_backward(x, weight, bias, mean, variance)
        ctx.eps, ctx.times = norm.eps, times
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, bias, mean, variance = ctx.saved_tensors
        given = gradients[0]
        if torch.is_grad_enabled():  # to be differentiated again
            out = F.batch_norm(x, None, None, weight, bias, training=True, eps=ctx.eps)
            return *torch.autograd.grad(out, (x, weight, bias), given, create_graph=True), None
        times, channels, count = ctx.times, x.shape[1], x.numel() // x.shape[1]
        rows = _wide(x, times)
        given = _wide(given.contiguous(memory_format=torch.channels_last), times)
        wide = (_repeated(weight, times), _repeated(mean, times), _repeated(variance, times))
        _, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            _as_map(given), _as_map(rows), *wide, None, None, False, ctx.eps, [False, True, True]
        )
        of_weight, of_bias = (part.view(times, channels).sum(0) for part in (of_weight, of_bias))
        deviation = torch.rsqrt(variance + ctx.eps)
        scale = weight * deviation
        of_value = -scale * deviation * of_weight / count
        constant = -scale * of_bias / count - of_value * mean
        of_x = torch.empty_like(x)
        of_rows = _wide(of_x, times)
        torch.addcmul(_repeated(constant, times), rows, _repeated(of_value, times), out=of_rows)
        of_rows.addcmul_(given, _repeated(scale, times))
        return of_x, of_weight, of_bias, None
