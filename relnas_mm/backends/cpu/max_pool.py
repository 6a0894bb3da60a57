"""Max pooling without argmax indices, for inference."""

import torch
import torch.nn.functional as F
from torch import Tensor


def max_pool_3x3(x: Tensor) -> Tensor:
    """Max pooling, 3x3 with stride 1 and padding 1, separated into rows and columns.

    Args:
        x: Shape (n, c, h, w), channels-last.
    """
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1), value=float("-inf"))
    return _max_of_three(_max_of_three(padded, 1), 2).permute(0, 3, 1, 2)


def _max_of_three(x: Tensor, axis: int) -> Tensor:
    """The maximum of each element and the two after it along an axis."""
    first, second, third = (x.narrow(axis, start, x.shape[axis] - 2) for start in range(3))
    return torch.maximum(torch.maximum(first, second), third)
