"""Drop path (stochastic depth per sample): zero an operation's output for random images of a batch."""

import torch
from torch import Tensor


def drop_path(x: Tensor, rate: float, generator: torch.Generator | None = None) -> Tensor:
    """Zeroes random images of a batch and divides the others by the keep probability.

    Args:
        x: Shape (n, ...).
        rate: Probability of zeroing an image, 0 <= rate < 1.
        generator: Source of the mask, on the device of `x`; `None` is PyTorch's default generator.
    """
    return x * path_weights(x, rate, generator)


def path_weights(x: Tensor, rate: float, generator: torch.Generator | None = None) -> Tensor:
    """The factors that `drop_path` multiplies `x` by, of shape (n, 1, ...)."""
    return drop_mask(x, rate, generator) / (1.0 - rate)


def drop_mask(x: Tensor, rate: float, generator: torch.Generator | None = None) -> Tensor:
    """A Bernoulli mask of shape (n, 1, ...): 0 for dropped images, 1 for the others."""
    return x.new_empty((x.shape[0],) + (1,) * (x.dim() - 1)).bernoulli_(1.0 - rate, generator=generator)
