"""Conditions under which the functions of this package may replace PyTorch's layers."""

import torch
from torch import Tensor

from relnas_mm.backends.conditions import is_traced


def trains_on_cpu(x: Tensor) -> bool:
    """Whether gradients of a map on the CPU are recorded, without tracing and autocast."""
    return (
        x.device.type == "cpu" and torch.is_grad_enabled() and not is_traced() and not torch.is_autocast_enabled("cpu")
    )


def is_plain_on_cpu(x: Tensor) -> bool:
    """Whether a map is on the CPU and channels-last, without tracing and autocast."""
    channels_last = x.is_contiguous(memory_format=torch.channels_last)
    return x.device.type == "cpu" and channels_last and not is_traced() and not torch.is_autocast_enabled("cpu")
