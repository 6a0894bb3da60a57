"""Reader of image folders with one subfolder per class."""

from pathlib import Path

import numpy as np
from PIL import Image

from relnas_mm.datasets.image_files import read_rgb
from relnas_mm.errors import UserError
from relnas_mm.progress import with_progress

ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".pgm", ".webp"}


def read_folder(
    root: Path, split: str, size: int, limit: int | None = None
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Reads one split, scaled to one size.

    Args:
        root: A folder with `train/` and `test/` or `val/`, each with one subfolder per class.
        split: 'train' or 'test'.
        size: Output size: the shorter side is resized to it, then the center is cropped.
        limit: Number of images to read, taken from the classes in turn; `None` for all.

    Returns:
        Images, uint8 (n, 3, size, size); labels, int64 (n,); names of the classes, sorted.

    Raises:
        UserError: The folder or a class is empty, splits have different classes, a file is no readable image, or
            `limit` is smaller than the number of classes or larger than that of the images.
    """
    folder = _split_folder(root, split)
    classes = class_folders(folder)
    if split != "train":
        check_same_classes(folder, classes, _split_folder(root, "train"))
    paths = [image_files(folder / name) for name in classes]
    if limit is not None:
        paths = _limited(paths, limit, str(folder))
    files = [path for part in paths for path in part]
    images = [_scaled(read_rgb(path), size) for path in with_progress(files, len(files), f"images of {split}")]
    labels = np.repeat(np.arange(len(classes)), [len(part) for part in paths])
    return np.stack(images), labels, classes


def _limited(paths: list[list[Path]], limit: int, folder: str) -> list[list[Path]]:
    """The first images of each class, equally many where there are enough."""
    total = sum(map(len, paths))
    if not len(paths) <= limit <= total:
        raise UserError(
            f"limit is {limit!r}; {folder!r} has {total} images of {len(paths)} classes, so it must be from "
            f"{len(paths)} to {total}"
        )
    turns = sorted((turn, label) for label, part in enumerate(paths) for turn in range(len(part)))[:limit]
    counts = [sum(label == chosen for _, chosen in turns) for label in range(len(paths))]
    return [part[:count] for part, count in zip(paths, counts)]


def _split_folder(root: Path, split: str) -> Path:
    names = ("train",) if split == "train" else ("test", "val")
    for name in names:
        if (root / name).is_dir():
            return root / name
    raise UserError(f"{str(root)!r} has no folder {' or '.join(repr(name) for name in names)}")


def class_folders(folder: Path) -> tuple[str, ...]:
    """Names of the classes, which are the sorted names of the subfolders.

    Raises:
        UserError: There are no subfolders.
    """
    classes = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir()))
    if not classes:
        raise UserError(f"the image folder {str(folder)!r} is empty: it holds no folder of a class")
    return classes


def check_same_classes(folder: Path, classes: tuple[str, ...], training: Path) -> None:
    """Checks that a folder has the classes of the training images.

    Raises:
        UserError: It has others.
    """
    if (expected := class_folders(training)) != classes:
        raise UserError(
            f"{str(folder)!r} has the classes {list(classes)}, but the training images have {list(expected)}"
        )


def image_files(folder: Path) -> list[Path]:
    """Paths of the images of one class, sorted by name.

    Raises:
        UserError: There are no images.
    """
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS)
    if not paths:
        raise UserError(f"the class folder {str(folder)!r} holds no image ({', '.join(sorted(ENDINGS))})")
    return paths


def _scaled(image: Image.Image, size: int) -> np.ndarray:
    if image.size != (size, size):
        scale = size / min(image.size)
        width, height = (max(size, round(side * scale)) for side in image.size)
        left, top = (width - size) // 2, (height - size) // 2
        image = image.resize((width, height), Image.Resampling.BILINEAR)
        image = image.crop((left, top, left + size, top + size))
    return np.asarray(image).transpose(2, 0, 1)
