"""Which feature maps the kernels support, and in which data types and precision they compute."""

import os

import torch
from torch import Tensor

from relnas_mm.backends.conditions import is_traced

LARGEST = 2**31
"""Least number of elements whose offsets do not fit 32-bit integers."""


def is_supported(x: Tensor) -> bool:
    """Whether the kernels support a map, (n, c, h, w): on CUDA, with contiguous images, and without tracing."""
    on_device = x.is_cuda or os.environ.get("TRITON_INTERPRET") == "1"  # the interpreter runs on CPUs, for tests
    readable = x.dim() == 4 and x[0].is_contiguous() and x.numel() < LARGEST
    return on_device and readable and not is_traced()


def in_autocast_type(x: Tensor) -> Tensor:
    """Casts a map to the data type of autocast, if that is enabled."""
    device = x.device.type
    return x.to(torch.get_autocast_dtype(device)) if torch.is_autocast_enabled(device) else x


def precision() -> str:
    """Input precision of matrix products, that of PyTorch's convolutions."""
    return "tf32" if torch.backends.cudnn.allow_tf32 else "ieee"


def contiguous_images(x: Tensor) -> tuple[Tensor, int]:
    """The map, copied unless each of its images is contiguous, and the stride between images."""
    if not x[0].is_contiguous():
        x = x.contiguous()
    return x, x.stride(0)
