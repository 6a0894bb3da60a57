"""Reader of MNIST-like data sets in the IDX format, plain or compressed (FashionMNIST, KMNIST, MNIST, EMNIST)."""

import gzip
import lzma
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from relnas_mm.errors import UserError

PREFIXES = {"train": "train", "test": "t10k"}
_OPENERS = {"": open, ".gz": gzip.open, ".xz": lzma.open}
_UNSIGNED_BYTES = 0x08
MAX_BYTES = 4 << 30
"""Largest size of an array; that of EMNIST has 0.6 GB."""
_CHUNK = 16 << 20


def read_idx(root: Path, split: str, name: str = "", emnist: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Reads one split.

    Args:
        root: A folder with `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-…`, plain or with the suffix
            `.gz` or `.xz`; or a folder that has them in `raw/`, or in `NAME/raw/` as torchvision stores them.
        split: 'train' or 'test'.
        name: Name of torchvision's class.
        emnist: One of EMNIST's splits, such as 'balanced', whose files are `emnist-balanced-train-images-idx3-ubyte`
            and so on; images are transposed, as in the original files.

    Returns:
        Images, uint8 (n, 1, h, w); labels, int64 (n,).

    Raises:
        UserError: A file is missing or damaged.
    """
    prefix = f"emnist-{emnist}-{split}" if emnist else PREFIXES[split]
    images_path = _find(root, name, f"{prefix}-images-idx3-ubyte")
    labels_path = _find(root, name, f"{prefix}-labels-idx1-ubyte")
    images, labels = _read(images_path, 3), _read(labels_path, 1)
    if len(images) != len(labels):
        raise UserError(f"{str(images_path)!r} has {len(images)} images, but {labels_path.name} {len(labels)} labels")
    return images[:, None], labels.astype(np.int64)


def _find(root: Path, name: str, file: str) -> Path:
    for folder in (root, root / "raw", root / name / "raw"):
        for ending in _OPENERS:
            if (path := folder / (file + ending)).is_file():
                return path
    raise UserError(f"{str(root)!r} holds no {file} (plain, .gz or .xz)")


def _read(path: Path, dimensions: int) -> np.ndarray:
    opener = _OPENERS.get(path.suffix, open)
    length = 4 + 4 * dimensions
    try:
        with cast(BinaryIO, opener(path, "rb")) as file:
            header = file.read(length)
            if len(header) < length or header[:4] != bytes([0, 0, _UNSIGNED_BYTES, dimensions]):
                raise UserError(f"{str(path)!r} is not an IDX file of unsigned bytes in {dimensions} dimensions")
            shape = struct.unpack(f">{dimensions}I", header[4:])
            due = math.prod(shape)
            if math.prod(max(1, side) for side in shape) > MAX_BYTES:  # NumPy counts so too, whatever sides are 0
                raise UserError(f"{str(path)!r} declares {shape} bytes; allowed are up to {MAX_BYTES} in all")
            content = _read_at_most(file, due + 1)
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise UserError(f"{str(path)!r} cannot be read: {error}") from None
    if len(content) != due:
        found = f"more than {due}" if len(content) > due else len(content)
        raise UserError(f"{str(path)!r} is damaged: {found} bytes follow its header, {shape} are due")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _read_at_most(file: BinaryIO, count: int) -> bytes:
    """Reads up to `count` bytes, for which memory is taken as they come: the header may claim more than there are."""
    parts = []
    while count and (part := file.read(min(count, _CHUNK))):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
