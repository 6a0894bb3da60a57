"""Which feature maps the kernels read, and in which types and precision they compute."""

import os

import torch
from torch import Tensor

from relnas_mm.backends.conditions import is_traced

LARGEST = 2**31
"""From so many numbers on, places in a map are no 32-bit numbers."""


def is_supported(x: Tensor) -> bool:
    """Whether a map, (n, c, h, w), is one that the kernels read: on CUDA, its images contiguous, and nothing traced."""
    where = x.is_cuda or os.environ.get("TRITON_INTERPRET") == "1"  # the interpreter runs on CPUs, for tests
    readable = x.dim() == 4 and x[0].is_contiguous() and x.numel() < LARGEST
    return where and readable and not is_traced()


def in_autocast_type(x: Tensor) -> Tensor:
    """The map in the type that autocast asks for, if it is on."""
    device = x.device.type
    return x.to(torch.get_autocast_dtype(device)) if torch.is_autocast_enabled(device) else x


def precision() -> str:
    """How matrix products round their factors: as PyTorch's convolutions do."""
    return "tf32" if torch.backends.cudnn.allow_tf32 else "ieee"


def rows(x: Tensor) -> tuple[Tensor, int]:
    """A map whose images are contiguous, and the distance between two of them; a copy where they are not."""
    if not x[0].is_contiguous():
        x = x.contiguous()
    return x, x.stride(0)
