"""Writers of the layouts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from relnas_mm.datasets.shapes.camera import Shot
from relnas_mm.datasets.shapes.writers import cifar10, cityscapes, coco_keypoints, image_folder, voc

Shots = dict[str, Iterator[Shot]]
"""The pictures of each split, rendered lazily."""


@dataclass(frozen=True)
class Layout:
    """A data layout.

    Attributes:
        write: Writes all splits into an empty folder.
        splits: The splits with their default numbers of images.
        image_size: Default width and height in pixels.
        fixed_size: Whether the format requires this size.
    """

    write: Callable[[Path, Shots], None]
    splits: dict[str, int]
    image_size: tuple[int, int]
    fixed_size: bool = False


LAYOUTS = {
    "voc": Layout(voc.write, {"train": 2000, "val": 200, "test": 200}, (160, 160)),
    "cifar10": Layout(cifar10.write, {"train": 5000, "test": 1000}, (32, 32), fixed_size=True),
    "cityscapes": Layout(cityscapes.write, {"train": 200, "val": 50, "test": 50}, (256, 128)),
    "image_folder": Layout(image_folder.write, {"train": 2000, "val": 400}, (96, 96)),
    "coco_keypoints": Layout(coco_keypoints.write, {"train": 400, "val": 100}, (192, 192)),
}
"""The layouts by name."""
