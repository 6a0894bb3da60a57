"""Backends by name, and the one check of what a backend can do on a device."""

import importlib
from importlib.util import find_spec

import torch

from relnas_mm.backends.auto import AutoBackend
from relnas_mm.backends.reference import REFERENCE, Backend
from relnas_mm.errors import UserError

BACKENDS = ("reference", "auto", "triton")
"""Bit-identical to the reference implementation; faster PyTorch on any device; Triton kernels on CUDA."""


def get_backend(backend: "str | Backend", recompute: bool = True) -> Backend:
    """Looks up a backend by name.

    Args:
        backend: One of `BACKENDS`, or a backend, which is returned as it is.
        recompute: As for `AutoBackend`; the reference backend ignores it.

    Raises:
        UserError: The name is unknown, or Triton is not installed.
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
    # Imported on demand: Triton comes with CUDA builds of PyTorch only.
    return importlib.import_module("relnas_mm.backends.triton.backend").TritonBackend(recompute)


def check_backend(backend: str, device: torch.device, channels_last: bool = False, autocast: str | None = None) -> None:
    """Checks that a backend supports a device, memory format and precision.

    Args:
        backend: One of `BACKENDS`.
        device: The device to compute on.
        channels_last: Whether feature maps are in channels-last memory format.
        autocast: Data type of mixed precision, `None` for float32.

    Raises:
        UserError: The backend is unknown, or does not support this combination.
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
