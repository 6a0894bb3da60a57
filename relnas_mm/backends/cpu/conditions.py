"""Conditions under which the functions of this package may compute in place of PyTorch's layers."""

import torch
from torch import Tensor

from relnas_mm.backends.conditions import is_traced


def trains_on_cpu(x: Tensor) -> bool:
    """Whether gradients are wanted of a map on the CPU, and nobody traces it or changes its type."""
    return (
        x.device.type == "cpu" and torch.is_grad_enabled() and not is_traced() and not torch.is_autocast_enabled("cpu")
    )


def is_plain_on_cpu(x: Tensor) -> bool:
    """Whether a map on the CPU has its channels last, and nobody traces it or changes its type."""
    last = x.device.type == "cpu" and x.is_contiguous(memory_format=torch.channels_last)
    return last and not is_traced() and not torch.is_autocast_enabled("cpu")
