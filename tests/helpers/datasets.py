"""Writes tiny data sets in the layouts that the readers know."""

import pickle
from pathlib import Path

import numpy as np


def write_cifar10(folder: Path, images_per_batch: int = 20, classes: int = 10, seed: int = 0) -> Path:
    """Learnable images: the brightness of a class differs.  Gives the folder above the batches."""
    rng = np.random.default_rng(seed)
    target = folder / "cifar-10-batches-py"
    target.mkdir(parents=True)
    for name in [f"data_batch_{k}" for k in range(1, 6)] + ["test_batch"]:
        labels = rng.integers(0, classes, images_per_batch)
        pixels = rng.integers(0, 100, (images_per_batch, 3072)) + 15 * labels[:, None]
        content = {b"data": pixels.astype(np.uint8), b"labels": labels.tolist(), b"filenames": []}
        (target / name).write_bytes(pickle.dumps(content, protocol=2))
    (target / "batches.meta").write_bytes(pickle.dumps({b"label_names": [b"c%d" % k for k in range(classes)]}))
    return folder
