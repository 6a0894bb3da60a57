"""Explains out-of-memory errors: which candidate, and which batch size would fit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import nn

from relnas_mm.datasets.arrays import ImageArrays
from relnas_mm.errors import UserError
from relnas_mm.strategies import Candidate

OutOfMemory = torch.cuda.OutOfMemoryError


@contextmanager
def explain_oom(
    candidate: Candidate, network: Callable[[], nn.Module], data: ImageArrays, batch_size: int
) -> Iterator[None]:
    """Context manager that turns an out-of-memory error into a `UserError`.

    Args:
        candidate: The candidate being trained.
        network: Builds its network.
        data: Training data.
        batch_size: The batch size that may not fit.

    Raises:
        UserError: The device ran out of memory.
    """
    try:
        yield
        return
    except OutOfMemory:
        pass  # leave the handler first, as the traceback keeps the activations alive
    fitting = largest_fitting_batch(network(), data, batch_size // 2)
    advice = f"set its batch_size to {fitting}, which fits" if fitting else "not even one image fits"
    raise UserError(
        f"candidate {candidate.number} does not fit into the memory of {data.images.device} "
        f"with batch_size {batch_size}: {advice} ({candidate.architecture})"
    )


def largest_fitting_batch(network: nn.Module, data: ImageArrays, start: int) -> int:
    """The first of `start`, `start / 2`, … for which a training step fits; 0 if none does."""
    size = start
    while size:
        if data.images.device.type == "cuda":
            torch.cuda.empty_cache()
        try:
            inputs = data.images.new_zeros((size, *data.images.shape[1:]), dtype=torch.float32)
            F.cross_entropy(network(inputs), data.labels.new_zeros(size)).backward()
            return size
        except OutOfMemory:
            network.zero_grad(set_to_none=True)
        size //= 2
    return 0
