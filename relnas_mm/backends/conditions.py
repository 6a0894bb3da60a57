"""Conditions under which a backend may replace PyTorch's own layers."""

from typing import TypeGuard

import torch
from torch import Tensor, nn


def is_traced() -> bool:
    """Whether PyTorch is tracing or compiling."""
    return torch.jit.is_tracing() or torch.compiler.is_compiling()  # pyright: ignore[reportPrivateImportUsage]


def has_hooks(layer: nn.Module) -> bool:
    """Whether forward or backward hooks are registered on a layer, which only its own call runs."""
    return bool(layer._forward_hooks or layer._forward_pre_hooks or layer._backward_hooks)


def is_plain_batch_norm(layer: nn.Module) -> TypeGuard[nn.BatchNorm2d]:
    """Whether a layer is exactly `nn.BatchNorm2d`, affine, with exponentially averaged running statistics."""
    return type(layer) is nn.BatchNorm2d and layer.affine and layer.track_running_stats and layer.momentum is not None


def is_depthwise(layer: nn.Module) -> TypeGuard[nn.Conv2d]:
    """Whether a layer is a convolution with one group per input channel."""
    return isinstance(layer, nn.Conv2d) and layer.groups > 1 and layer.groups == layer.in_channels


def trains_on_cpu(x: Tensor) -> bool:
    """Whether gradients of a map on the CPU are recorded, without tracing and autocast."""
    return (
        x.device.type == "cpu" and torch.is_grad_enabled() and not is_traced() and not torch.is_autocast_enabled("cpu")
    )


def is_plain_on_cpu(x: Tensor) -> bool:
    """Whether a map is on the CPU and channels-last, without tracing and autocast."""
    channels_last = x.is_contiguous(memory_format=torch.channels_last)
    return x.device.type == "cpu" and channels_last and not is_traced() and not torch.is_autocast_enabled("cpu")
