"""Reader of image folders with one subfolder per class."""

from pathlib import Path

import numpy as np
from PIL import Image

from relnas_mm.errors import UserError

ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".pgm", ".webp"}


def read_folder(root: Path, split: str, size: int) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Reads one split, scaled to one size.

    Args:
        root: A folder with `train/` and `test/` or `val/`, each with one subfolder per class.
        split: 'train' or 'test'.
        size: Output size: the shorter side is resized to it, then the center is cropped.

    Returns:
        Images, uint8 (n, 3, size, size); labels, int64 (n,); names of the classes, sorted.

    Raises:
        UserError: The folder or a class is empty, splits have different classes, or a file is no readable image.
    """
    folder = _split_folder(root, split)
    classes = class_folders(folder)
    if split != "train" and (expected := class_folders(_split_folder(root, "train"))) != classes:
        raise UserError(
            f"{str(folder)!r} has the classes {list(classes)}, but the training images have {list(expected)}"
        )
    images: list[np.ndarray] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        paths = image_files(folder / name)
        images += [_scaled(read_rgb(path), size) for path in paths]
        labels += [label] * len(paths)
    return np.stack(images), np.array(labels, dtype=np.int64), classes


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


def image_files(folder: Path) -> list[Path]:
    """Paths of the images of one class, sorted by name.

    Raises:
        UserError: There are no images.
    """
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS)
    if not paths:
        raise UserError(f"the class folder {str(folder)!r} holds no image ({', '.join(sorted(ENDINGS))})")
    return paths


def read_rgb(path: "str | Path") -> Image.Image:
    """Reads an image file as RGB.

    Raises:
        UserError: The file is no readable image.
    """
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:  # Pillow's errors on damaged files
        raise UserError(f"{str(path)!r} is not a readable image: {error}") from None


def _scaled(image: Image.Image, size: int) -> np.ndarray:
    if image.size != (size, size):
        scale = size / min(image.size)
        width, height = (max(size, round(side * scale)) for side in image.size)
        left, top = (width - size) // 2, (height - size) // 2
        image = image.resize((width, height), Image.Resampling.BILINEAR)
        image = image.crop((left, top, left + size, top + size))
    return np.asarray(image).transpose(2, 0, 1)
