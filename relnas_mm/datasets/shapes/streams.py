"""Counter-based random numbers, which depend on the address of an image only."""

import hashlib
from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """Purposes of streams; streams of one image never overlap."""

    SCENE = 0
    PIXELS = 1
    LABELS = 2


def stream(seed: int, split: str, index: int, purpose: Purpose) -> np.random.Generator:
    """The random stream at the address `(seed, split, index, purpose)`.

    Philox maps (key, counter) to random words, so image 7 is the same whether 10 or 10,000 images are generated, on
    every platform.

    Args:
        seed: From 0 to 2**64 - 1.
        split: Name of the layout and the split, e.g. "voc/train".
        index: Number of the image in its split, from 0.
        purpose: Purpose of the stream.
    """
    split_key = int.from_bytes(hashlib.sha256(split.encode()).digest()[:8], "little")
    key = np.array([seed, split_key], dtype=np.uint64)
    counter = np.array([0, 0, int(purpose), index], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def balanced_label(seed: int, split: str, index: int, num_classes: int) -> int:
    """The label of image `index`; every block of `num_classes` images has each class once, in random order."""
    block, position = divmod(index, num_classes)
    return int(stream(seed, split, block, Purpose.LABELS).permutation(num_classes)[position])
