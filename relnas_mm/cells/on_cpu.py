"""When a function of this room may compute in place of PyTorch's layers, in training on CPUs."""

import torch
from torch import Tensor, nn

from relnas_mm.kernels import traced


def trains_on_cpu(x: Tensor) -> bool:
    """Whether gradients are wanted, of a map on the CPU, and nobody traces or changes the types of what is computed."""
    return x.device.type == "cpu" and torch.is_grad_enabled() and not traced() and not torch.is_autocast_enabled("cpu")


def plain_on_cpu(x: Tensor) -> bool:
    """Whether nobody traces or changes the types of what is computed of a map on the CPU with the channels last."""
    last = x.device.type == "cpu" and x.is_contiguous(memory_format=torch.channels_last)
    return last and not traced() and not torch.is_autocast_enabled("cpu")


def watched(layer: nn.Module) -> bool:
    """Whether a hook waits for the call of a layer."""
    return bool(layer._forward_hooks or layer._forward_pre_hooks or layer._backward_hooks)
