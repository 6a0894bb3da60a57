"""Supported data sets of small images, and their normalization."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from relnas_mm.datasets.arrays.cifar import read_cifar
from relnas_mm.datasets.arrays.folder import read_folder
from relnas_mm.datasets.arrays.idx import read_idx
from relnas_mm.datasets.arrays.images import ImageArrays, require_classes
from relnas_mm.errors import UserError
from relnas_mm.files import expanded

Normalization = tuple[tuple[float, ...], tuple[float, ...]]

NORMALIZATION: dict[str, Normalization] = {
    "cifar10": ((0.49139968, 0.48215827, 0.44653124), (0.24703233, 0.24348505, 0.26158768)),
    "cifar100": ((0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)),
    "idx": ((0.5,), (0.5,)),
    "fashionmnist": ((0.2860402,), (0.3530236,)),
    "kmnist": ((0.19036119,), (0.34719803,)),
    "emnist-balanced": ((0.1751,), (0.3332,)),
    "folder": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}
"""Mean and standard deviation by type; those of the reference implementations, and of ImageNet for folders."""

IDX = {
    "idx": ("", ""),
    "fashionmnist": ("FashionMNIST", ""),
    "kmnist": ("KMNIST", ""),
    "emnist-balanced": ("EMNIST", "balanced"),
}
"""Types in the IDX format: name of torchvision's class, and EMNIST's split."""

SPLITS = ("train", "test")
FOLDER_SIZE, MAX_SIZE = 32, 1024
SCALED_AT_ONCE = 1024


def load_images(
    type: str,  # the name that mm configs use
    data_root: "str | os.PathLike[str]",
    split: str = "train",
    num_classes: int | None = None,
    limit: int | None = None,
    size: int | None = None,
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
) -> ImageArrays:
    """Loads a data set into memory.

    Args:
        type: 'cifar10', 'cifar100' (Python layout), 'fashionmnist', 'kmnist', 'emnist-balanced' or any other 'idx', or
            'folder' (a folder per class).
        data_root: Folder of the data.
        split: 'train' or 'test'.
        num_classes: Expected number of classes; `None` for any.
        limit: Number of images to load: of a folder from the classes in turn, of other types, which store their images
            in random order, from the start; `None` for all.
        size: Height and width to which images are scaled; `None` means 32 for folders, and as stored for other types.
        mean: Mean of each channel, from 0 to 1; `None` means that of `NORMALIZATION`.
        std: Standard deviation of each channel, likewise.

    Raises:
        UserError: A file is missing or damaged, a value is out of range, or `limit` leaves a class without images.
    """
    if type not in NORMALIZATION:
        raise UserError(f"the data type is {type!r}; allowed are {', '.join(map(repr, NORMALIZATION))}")
    if split not in SPLITS:
        raise UserError(f"the split is {split!r}; allowed are {', '.join(map(repr, SPLITS))}")
    root = expanded(data_root, f"the data folder of type {type!r}")
    if not root.is_dir():
        raise UserError(f"the data folder {str(root)!r} of type {type!r} does not exist")
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= MAX_SIZE):
        raise UserError(f"size is {size!r}; it must be an integer from 1 to {MAX_SIZE}")
    images, labels, classes = _read(type, root, split, size or FOLDER_SIZE, limit)
    if limit is not None and not 0 < limit <= len(images):
        raise UserError(f"limit is {limit!r}; {str(root)!r} has {len(images)} {split} images")
    pixels = torch.from_numpy(np.array(images[:limit]))
    data = ImageArrays(
        pixels if size in (None, pixels.shape[-1]) else _scaled(pixels, size),
        torch.from_numpy(np.array(labels[:limit])),
        classes,
        tuple(mean or NORMALIZATION[type][0]),
        tuple(std or NORMALIZATION[type][1]),
    )
    if not len(data):
        raise UserError(f"{str(root)!r} has no {split} images")
    if limit is not None:
        _check_kept_classes(labels, limit, classes, f"{str(root)!r} ({split})")
    if not len(data.mean) == len(data.std) == data.images.shape[1]:
        raise UserError(f"mean {data.mean} and std {data.std} do not fit images of {data.images.shape[1]} channels")
    return require_classes(data, num_classes, repr(str(root)))


def _scaled(images: Tensor, size: int) -> Tensor:
    """Scales images, uint8 (n, c, h, w), bilinearly to (n, c, size, size), in parts that need little memory."""
    parts = [
        F.interpolate(part.float(), (size, size), mode="bilinear", antialias=True).round().byte()
        for part in images.split(SCALED_AT_ONCE)
    ]
    return torch.cat(parts)


def _check_kept_classes(labels: np.ndarray, limit: int, classes: tuple[str, ...], source: str) -> None:
    lost = sorted(set(np.unique(labels).tolist()) - set(np.unique(labels[:limit]).tolist()))
    if lost:
        names = ", ".join(repr(classes[label]) for label in lost[:5])
        raise UserError(
            f"limit is {limit!r}, but the first {limit} images of {source} leave out {len(lost)} of {len(classes)} "
            f"classes ({names}{', …' if len(lost) > 5 else ''}); raise it"
        )


def _read(type: str, root: Path, split: str, size: int, limit: int | None) -> tuple[Any, Any, tuple[str, ...]]:
    if type in IDX:
        images, labels = read_idx(root, split, *IDX[type])
        return images, labels, tuple(str(label) for label in range(int(labels.max(initial=-1)) + 1))
    if type == "folder":
        return read_folder(root, split, size, limit)
    return read_cifar(type, root, split)
