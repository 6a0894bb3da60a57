"""Whether the kernels can take over."""

import os
from functools import cache
from importlib.util import find_spec
from typing import TypeGuard

import torch
from torch import Tensor, nn

from relnas_mm.errors import UserError

KERNELS = ("torch", "triton")
"""Who computes a cell: PyTorch, or on CUDA the kernels of this package where they can."""

LARGEST = 2**31
"""From so many numbers on, places in a map are no 32-bit numbers."""


def check_kernels(kernels: str, bit_exact: bool) -> str:
    """Gives the setting back.

    Raises:
        UserError: It is not in `KERNELS`, or 'triton' while results are to be those of the released code.
    """
    if kernels not in KERNELS:
        raise UserError(f"kernels is {kernels!r}; allowed are {', '.join(map(repr, KERNELS))}")
    if kernels == "triton" and bit_exact:
        raise UserError("kernels is 'triton' and bit_exact True; these kernels round differently: set bit_exact=False")
    return kernels


@cache
def _importable() -> bool:
    return find_spec("triton") is not None


def computable(x: Tensor) -> bool:
    """Whether a map, (n, c, h, w), is one that the kernels read: on CUDA, its images contiguous, and nothing traced."""
    where = x.is_cuda or os.environ.get("TRITON_INTERPRET") == "1"  # the interpreter runs on CPUs, for tests
    readable = x.dim() == 4 and x[0].is_contiguous() and x.numel() < LARGEST
    return where and readable and _importable() and not traced()


def traced() -> bool:
    """Whether PyTorch follows what is computed, to make a program of it."""
    return torch.jit.is_tracing() or torch.compiler.is_compiling()  # pyright: ignore[reportPrivateImportUsage]


def plain_batch_norm(layer: nn.Module) -> TypeGuard[nn.BatchNorm2d]:
    """Whether it is a batch normalization with weights and running statistics, and no subclass."""
    return type(layer) is nn.BatchNorm2d and layer.affine and layer.track_running_stats and layer.momentum is not None


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
