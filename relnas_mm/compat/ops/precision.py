"""What torchvision's kernels cannot do: low precision, and gradients on CUDA in a fixed order."""

import torch
from torch import Tensor

from relnas_mm.errors import UserError


def wide(tensor: Tensor) -> Tensor:
    """The tensor in a precision that torchvision has kernels for: no bfloat16, on the CPU no half either."""
    low = tensor.dtype == torch.bfloat16 or (tensor.dtype == torch.half and not tensor.is_cuda)
    return tensor.float() if low else tensor


def refuse_if_deterministic(op: str, grad: Tensor) -> None:
    """Says in one sentence what torch would say about a kernel's internal name.

    A compiled mmcv adds up the same gradients in an arbitrary order without saying so.

    Raises:
        UserError: deterministic algorithms are asked for, and `grad` is on CUDA.
    """
    asked = torch.are_deterministic_algorithms_enabled()
    if asked and grad.is_cuda and not torch.is_deterministic_algorithms_warn_only_enabled():
        raise UserError(
            f"{op} has no deterministic backward pass on CUDA, and the config asks for one: set "
            "randomness=dict(seed=..., deterministic=False), or train on the CPU."
        )
