"""The maximum of 3x3 positions without their indices, for maps whose gradient nobody wants."""

import torch
import torch.nn.functional as F
from torch import Tensor


def max_pool_3x3(x: Tensor) -> Tensor:
    """The maximum of rows and then of columns.

    Args:
        x: Shape (n, c, h, w), with its channels last in memory.
    """
    wide = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1), value=float("-inf"))
    return _max_of_three(_max_of_three(wide, 1), 2).permute(0, 3, 1, 2)


def _max_of_three(x: Tensor, axis: int) -> Tensor:
    """The maximum of each position and the two after it."""
    first, second, third = (x.narrow(axis, start, x.shape[axis] - 2) for start in range(3))
    return torch.maximum(torch.maximum(first, second), third)
