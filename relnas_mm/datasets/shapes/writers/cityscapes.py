"""Cityscapes: PNG images and PNG label maps, filed under split and city."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from relnas_mm.datasets.shapes.camera import Shot
from relnas_mm.datasets.shapes.classes import CITYSCAPES_CLASSES, IGNORE_LABEL

CITY = "shapetown"


def border(instances: np.ndarray) -> np.ndarray:
    """Pixels `(h, w)` with another object (or the background) to the left, right, above or below."""
    edge = np.zeros(instances.shape, dtype=bool)
    across, down = instances[:, 1:] != instances[:, :-1], instances[1:] != instances[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge


def train_ids(shot: Shot) -> np.ndarray:
    """The label map `(h, w)` uint8: an index into `CITYSCAPES_CLASSES`, `IGNORE_LABEL` at the borders."""
    table = np.zeros(256, dtype=np.uint8)
    for number, name in enumerate(shot.names, 1):
        table[number] = 0 if name is None else CITYSCAPES_CLASSES.index(name)
    labels = table[shot.instances]
    labels[border(np.where(labels > 0, shot.instances, 0))] = IGNORE_LABEL
    return labels


def write(root: Path, shots: dict[str, Iterator[Shot]]) -> None:
    """Writes `leftImg8bit` and `gtFine` into `root`; label ids are train ids plus 1, with 0 for unlabelled."""
    for split, pictures in shots.items():
        images, labels = (root / kind / split / CITY for kind in ("leftImg8bit", "gtFine"))
        images.mkdir(parents=True)
        labels.mkdir(parents=True)
        for index, shot in enumerate(pictures):
            name = f"{CITY}_{index:06d}_000019"
            ids = train_ids(shot)
            Image.fromarray(shot.image).save(images / f"{name}_leftImg8bit.png", compress_level=1)
            Image.fromarray(ids).save(labels / f"{name}_gtFine_labelTrainIds.png")
            # uint8 wraps 255 to 0: ignored becomes unlabelled
            Image.fromarray(ids + np.uint8(1)).save(labels / f"{name}_gtFine_labelIds.png")
