"""The backends by name, and what a backend and a device cannot do together: checked here and nowhere else."""

import importlib
from importlib.util import find_spec

import torch

from relnas_mm.backends.auto import AutoBackend
from relnas_mm.backends.reference import REFERENCE, Backend
from relnas_mm.errors import UserError

BACKENDS = ("reference", "auto", "triton")
"""Adds as the reference implementation; faster PyTorch on any device; kernels of our own on CUDA."""


def get_backend(backend: "str | Backend", recompute: bool = True) -> Backend:
    """A backend by its name.

    Args:
        backend: One of `BACKENDS`, or a backend, which is returned as it is.
        recompute: Whether large feature maps are computed again instead of being kept (`AutoBackend`).

    Raises:
        UserError: The name is another one, or the package that it needs is missing.
    """
    if isinstance(backend, Backend):
        return backend
    if backend not in BACKENDS:
        raise UserError(f"backend is {backend!r}; allowed are {', '.join(map(repr, BACKENDS))}")
    if backend == "reference":
        return REFERENCE
    if backend == "auto":
        return AutoBackend(recompute)
    if find_spec("triton") is None:
        raise UserError("backend is 'triton', but the package triton, which CUDA builds of PyTorch bring, is missing")
    # Not at the top: only CUDA builds of PyTorch bring triton.
    return importlib.import_module("relnas_mm.backends.triton.backend").TritonBackend(recompute)


def check_backend(backend: str, device: torch.device, channels_last: bool = False, autocast: str | None = None) -> None:
    """Makes sure that a device can do what a config says.

    Args:
        backend: One of `BACKENDS`.
        device: Where it computes.
        channels_last: Whether feature maps have their channels last in memory.
        autocast: The type of mixed precision, `None` for float32.

    Raises:
        UserError: The backend is unknown, or cannot compute this way on this device.
    """
    get_backend(backend)
    if backend == "triton" and device.type != "cuda":
        raise UserError(
            f"backend is 'triton', but the device is {str(device)!r}; allowed there are 'reference', 'auto'"
        )
    if backend == "triton" and channels_last:
        raise UserError("backend is 'triton' and channels_last True; its kernels read contiguous maps: set one of them")
    if device.type == "cpu" and autocast and channels_last:
        raise UserError(
            f"autocast is {autocast!r} and channels_last True: on CPUs PyTorch's gradients of dilated depthwise "
            "convolutions are then NaN; set one of them only"
        )
