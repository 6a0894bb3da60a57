"""Counter-based random streams of a search: a draw depends on its address and on nothing drawn before.

A resumed, sharded or re-ordered run therefore draws the same numbers as an uninterrupted one.
"""

import hashlib

import numpy as np
import torch


def stream_seed(seed: int, purpose: str, generation: int = 0, candidate: int = 0) -> int:
    """A 63-bit number that belongs to the address `(seed, generation, candidate, purpose)`.

    Args:
        seed: The seed of the run.
        purpose: What the numbers are for, such as 'pairs'.
        generation: From 0.
        candidate: Number of the individual, or of whatever is counted within a generation.
    """
    address = f"{seed}/{generation}/{candidate}/{purpose}"
    return int.from_bytes(hashlib.sha256(address.encode()).digest()[:8], "little") >> 1


def numpy_stream(seed: int, purpose: str, generation: int = 0, candidate: int = 0) -> np.random.Generator:
    """NumPy's generator for an address (`stream_seed`)."""
    return np.random.Generator(np.random.Philox(key=stream_seed(seed, purpose, generation, candidate)))


def torch_stream(seed: int, purpose: str, generation: int = 0, candidate: int = 0) -> torch.Generator:
    """PyTorch's generator on the CPU for an address (`stream_seed`), so that draws are equal on every device."""
    return torch.Generator().manual_seed(stream_seed(seed, purpose, generation, candidate))
