"""A folder for each class, as ImageNet is laid out: `train/<class>/*.jpg` and `val/<class>/*.jpg`."""

from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from relnas_mm.datasets.shapes.camera import Shot
from relnas_mm.datasets.shapes.classes import CIFAR10_CLASSES


def write(root: Path, shots: dict[str, Iterator[Shot]]) -> None:
    """Writes every split into `root`; a class without pictures has no folder."""
    for split, pictures in shots.items():
        for index, shot in enumerate(pictures):
            folder = root / split / CIFAR10_CLASSES[shot.label or 0]
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(shot.image).save(folder / f"{split}_{index:06d}.jpg", quality=95)
