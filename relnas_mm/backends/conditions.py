"""Conditions under which a backend may compute in place of PyTorch's own layers."""

from typing import TypeGuard

import torch
from torch import nn


def is_traced() -> bool:
    """Whether PyTorch traces or compiles what is computed."""
    return torch.jit.is_tracing() or torch.compiler.is_compiling()  # pyright: ignore[reportPrivateImportUsage]


def has_hooks(layer: nn.Module) -> bool:
    """Whether a hook waits for the call of a layer."""
    return bool(layer._forward_hooks or layer._forward_pre_hooks or layer._backward_hooks)


def is_plain_batch_norm(layer: nn.Module) -> TypeGuard[nn.BatchNorm2d]:
    """Whether it is a batch normalization with weights and running statistics, and no subclass."""
    return type(layer) is nn.BatchNorm2d and layer.affine and layer.track_running_stats and layer.momentum is not None


def is_depthwise(layer: nn.Module) -> TypeGuard[nn.Conv2d]:
    """Whether it is a convolution in which each channel has a kernel of its own."""
    return isinstance(layer, nn.Conv2d) and layer.groups > 1 and layer.groups == layer.in_channels
