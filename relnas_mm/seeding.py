"""Counter-based random streams: a draw depends only on its address, not on earlier draws.

A resumed, distributed or reordered search therefore draws the same numbers as an uninterrupted one.
"""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from relnas_mm.errors import UserError

MOST = 2**32 - 1
"""The largest seed that NumPy's global generator takes."""


def stream_seed(seed: int, purpose: str, generation: int = 0, candidate: int = 0) -> int:
    """Hashes the address `(seed, generation, candidate, purpose)` to a 63-bit seed.

    Args:
        seed: Seed of the run.
        purpose: Purpose of the stream, such as 'pairs'.
        generation: Number of the generation, from 0.
        candidate: Number of the individual, or another counter within the generation.
    """
    address = f"{seed}/{generation}/{candidate}/{purpose}"
    return int.from_bytes(hashlib.sha256(address.encode()).digest()[:8], "little") >> 1


def check_seed(seed: object, where: str) -> None:
    """Checks a seed that MMEngine passes to Python, NumPy and torch.

    Args:
        seed: The value.
        where: Where it was given, for the error message.

    Raises:
        UserError: It is no integer, or out of range.
    """
    if type(seed) is not int or not 0 <= seed <= MOST:
        raise UserError(f"{where} is {seed!r}; it must be an integer from 0 to {MOST}")


def numpy_stream(seed: int, purpose: str, generation: int = 0, candidate: int = 0) -> np.random.Generator:
    """NumPy generator of an address (see `stream_seed`)."""
    return np.random.Generator(np.random.Philox(key=stream_seed(seed, purpose, generation, candidate)))


def torch_stream(seed: int, purpose: str, generation: int = 0, candidate: int = 0) -> torch.Generator:
    """PyTorch CPU generator of an address (see `stream_seed`); draws are the same for every training device."""
    return torch.Generator().manual_seed(stream_seed(seed, purpose, generation, candidate))


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seeds the global generators of Python, NumPy and PyTorch's CPU within the context, and restores them afterwards.

    For code that draws from them, such as transforms of mm packages.

    Args:
        seed: As `stream_seed` gives it.
    """
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed % (MOST + 1))  # noqa: NPY002
    torch.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        torch.set_rng_state(states[2])
