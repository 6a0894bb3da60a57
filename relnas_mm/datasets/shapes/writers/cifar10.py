"""CIFAR-10: five training batches, a test batch and the class names, as pickled plain dicts."""

import pickle
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from relnas_mm.datasets.shapes.camera import Shot
from relnas_mm.datasets.shapes.classes import CIFAR10_CLASSES

_NUM_TRAIN_BATCHES = 5


def _dump(path: Path, content: dict) -> None:
    """Pickles with NumPy's old module name, which NumPy 1 and 2 and restricted unpicklers accept."""
    data = pickle.dumps(content, protocol=3)
    path.write_bytes(data.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n", 1))


def _write_batch(path: Path, title: str, split: str, first: int, planes: np.ndarray, labels: list[int]) -> None:
    names = [f"{CIFAR10_CLASSES[label]}_{split}_{i:06d}.png" for i, label in enumerate(labels, first)]
    _dump(path, {"batch_label": title, "labels": labels, "data": planes, "filenames": names})


def _collect(shots: Iterable[Shot]) -> tuple[np.ndarray, list[int]]:
    """Images `(n, 3072)` uint8, plane by plane, and their labels."""
    pairs = [(shot.image.transpose(2, 0, 1).reshape(-1), shot.label or 0) for shot in shots]
    planes = np.array([plane for plane, _ in pairs], dtype=np.uint8).reshape(len(pairs), 3072)
    return planes, [label for _, label in pairs]


def write(root: Path, shots: dict[str, Iterator[Shot]]) -> None:
    """Writes `cifar-10-batches-py` into `root`, with the train split in five batches of equal size."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    planes, labels = _collect(shots.get("train", ()))
    bounds = np.linspace(0, len(labels), _NUM_TRAIN_BATCHES + 1).astype(int).tolist()
    for i, (first, last) in enumerate(pairwise(bounds), 1):
        title = f"training batch {i} of {_NUM_TRAIN_BATCHES}"
        _write_batch(folder / f"data_batch_{i}", title, "train", first, planes[first:last], labels[first:last])
    _write_batch(folder / "test_batch", "testing batch 1 of 1", "test", 0, *_collect(shots.get("test", ())))
    meta = {"num_cases_per_batch": bounds[1], "label_names": list(CIFAR10_CLASSES), "num_vis": 3072}
    _dump(folder / "batches.meta", meta)
