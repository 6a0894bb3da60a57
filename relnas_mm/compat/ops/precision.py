"""Limitations of torchvision's kernels: low precision, and deterministic gradients on CUDA."""

import torch
from torch import Tensor

from relnas_mm.errors import UserError


def supported_precision(tensor: Tensor) -> Tensor:
    """Casts bfloat16, and half on the CPU, to float32, as torchvision has no kernels for them."""
    low = tensor.dtype == torch.bfloat16 or (tensor.dtype == torch.half and not tensor.is_cuda)
    return tensor.float() if low else tensor


def refuse_if_deterministic(op: str, grad: Tensor) -> None:
    """Refuses a nondeterministic gradient in terms of the operator, where torch would name an internal kernel.

    A compiled mmcv sums the same gradients in nondeterministic order without an error.

    Raises:
        UserError: Deterministic algorithms are required, and `grad` is on CUDA.
    """
    asked = torch.are_deterministic_algorithms_enabled()
    if asked and grad.is_cuda and not torch.is_deterministic_algorithms_warn_only_enabled():
        raise UserError(
            f"{op} has no deterministic backward pass on CUDA, and the config asks for one: set "
            "randomness=dict(seed=..., deterministic=False), or train on the CPU."
        )
