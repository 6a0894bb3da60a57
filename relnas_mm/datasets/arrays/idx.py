"""Reader of MNIST-like data sets in the IDX format, plain or compressed (FashionMNIST, KMNIST, MNIST, EMNIST)."""

import gzip
import lzma
import struct
from pathlib import Path

import numpy as np

from relnas_mm.errors import UserError

PREFIXES = {"train": "train", "test": "t10k"}
_OPENERS = {"": open, ".gz": gzip.open, ".xz": lzma.open}
_UNSIGNED_BYTES = 0x08


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
    try:
        with opener(path, "rb") as file:
            content = file.read()
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise UserError(f"{str(path)!r} cannot be read: {error}") from None
    header = 4 + 4 * dimensions
    if len(content) < header or content[:4] != bytes([0, 0, _UNSIGNED_BYTES, dimensions]):
        raise UserError(f"{str(path)!r} is not an IDX file of unsigned bytes in {dimensions} dimensions")
    shape = struct.unpack(f">{dimensions}I", content[4:header])
    if len(content) - header != int(np.prod(shape)):
        raise UserError(f"{str(path)!r} is damaged: {len(content) - header} bytes follow its header, {shape} are due")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
