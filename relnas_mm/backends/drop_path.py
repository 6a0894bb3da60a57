"""Drop path: leave an operation out of a node, for each image on its own."""

import torch
from torch import Tensor


def drop_path(x: Tensor, rate: float, generator: torch.Generator | None = None) -> Tensor:
    """Zeroes whole images of a batch, and scales the others so that the mean stays.

    Args:
        x: Shape (n, ...).
        rate: Probability of zeroing, 0 <= rate < 1.
        generator: On the device of `x`; decides what is zeroed.  `None` means PyTorch's own.
    """
    return x * path_weights(x, rate, generator)


def path_weights(x: Tensor, rate: float, generator: torch.Generator | None = None) -> Tensor:
    """What `drop_path` multiplies the images of a batch by: (n, 1, ...), as many axes as `x`."""
    return drop_mask(x, rate, generator) / (1.0 - rate)


def drop_mask(x: Tensor, rate: float, generator: torch.Generator | None = None) -> Tensor:
    """Zeros for the images of a batch that are left out, ones for the others: (n, 1, ...), as many axes as `x`."""
    return x.new_empty((x.shape[0],) + (1,) * (x.dim() - 1)).bernoulli_(1.0 - rate, generator=generator)
