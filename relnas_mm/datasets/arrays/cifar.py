"""Reader of CIFAR-10 and CIFAR-100 in their Python layout, by a restricted unpickler.

Checksums are not verified, so recompressed, reduced or generated data of the same layout load as well.
"""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from relnas_mm.array_pickles import HOMES, RECONSTRUCT, Array, Dtype, Function, check_opcodes
from relnas_mm.errors import UserError
from relnas_mm.files import read_bytes

SIDE = 32
MAX_BYTES = 512 << 20
"""Largest size of a file; the largest of CIFAR has 155 MB."""
LAYOUTS: dict[str, dict[str, Any]] = {
    "cifar10": {
        "folder": "cifar-10-batches-py",
        "train": tuple(f"data_batch_{k}" for k in range(1, 6)),
        "test": ("test_batch",),
        "meta": ("batches.meta", "label_names"),
        "labels": "labels",
    },
    "cifar100": {
        "folder": "cifar-100-python",
        "train": ("train",),
        "test": ("test",),
        "meta": ("meta", "fine_label_names"),
        "labels": "fine_labels",
    },
}


def read_cifar(layout: str, root: Path, split: str) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Reads one split.

    Args:
        layout: 'cifar10' or 'cifar100'.
        root: The folder of the batches, or its parent.
        split: 'train' or 'test'.

    Returns:
        Images, uint8 (n, 3, 32, 32); labels, int64 (n,); names of the classes.

    Raises:
        UserError: The folder or a batch is missing, or a batch has another layout.
    """
    parts = LAYOUTS[layout]
    folder = root / parts["folder"] if (root / parts["folder"]).is_dir() else root
    meta_file, names_key = parts["meta"]
    paths = [folder / name for name in parts[split]]
    present = [path for path in paths if path.is_file()]
    if not present or not (folder / meta_file).is_file():
        raise UserError(
            f"{str(root)!r} holds no {layout} data; expected {parts['folder']}/ with {meta_file} and {paths[0].name}"
        )
    if missing := sorted(path.name for path in set(paths) - set(present)):
        raise UserError(f"the {layout} folder {str(folder)!r} lacks {', '.join(missing)}")
    names = _load(folder / meta_file).get(names_key)
    if not isinstance(names, list) or not names or not all(isinstance(name, (bytes, str)) for name in names):
        raise UserError(f"{str(folder / meta_file)!r} is damaged: it has no list {names_key!r} of names")
    batches = [_read_batch(path, parts["labels"], len(names)) for path in paths]
    images, labels = (np.concatenate(part) for part in zip(*batches))
    return images, labels, tuple(_text(name) for name in names)


def _read_batch(path: Path, labels_key: str, classes: int) -> tuple[np.ndarray, np.ndarray]:
    content = _load(path)
    pixels, labels = content.get("data"), content.get(labels_key)
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.ndim != 2:
        raise UserError(f"{str(path)!r} is damaged: its 'data' is not an array of bytes, one row for each image")
    if pixels.shape[1] != 3 * SIDE * SIDE:
        raise UserError(f"{str(path)!r} has images of {pixels.shape[1]} bytes; the layout has {3 * SIDE * SIDE}")
    if not isinstance(labels, (list, np.ndarray)) or len(labels) != len(pixels):
        raise UserError(f"{str(path)!r} is damaged: it has {len(pixels)} images and no {labels_key!r} of that length")
    if isinstance(labels, np.ndarray):
        whole = labels.ndim == 1 and labels.dtype.kind in "iu" and not (labels > np.iinfo(np.int64).max).any()
    else:
        whole = all(type(label) is int and label.bit_length() < 64 for label in labels)
    if not whole:
        raise UserError(f"{str(path)!r} is damaged: its {labels_key!r} are not integers of 64 bits")
    labels = np.array(labels, dtype=np.int64)
    if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise UserError(
            f"{str(path)!r} has labels from {labels.min()} to {labels.max()}; its {classes} classes allow "
            f"0 to {classes - 1}"
        )
    return np.asarray(pixels).reshape(-1, 3, SIDE, SIDE), labels


def _load(path: Path) -> dict[str, Any]:
    """Loads a pickled dictionary of arrays, lists, numbers and strings, with its keys as strings."""
    data = read_bytes(path, f"the batch {str(path)!r}", MAX_BYTES)
    try:
        check_opcodes(data)
        content = _ArraysOnly(io.BytesIO(data), encoding="bytes").load()
    except Exception as error:  # a damaged pickle can raise anything
        raise UserError(f"{str(path)!r} is not a readable CIFAR batch: {error}") from None
    if not isinstance(content, dict):
        raise UserError(f"{str(path)!r} is not a CIFAR batch: it holds a {type(content).__name__}, not a dictionary")
    return {_text(key): value for key, value in content.items() if isinstance(key, (bytes, str))}


def _text(value: bytes | str) -> str:
    return value.decode("latin1") if isinstance(value, bytes) else value


def _latin1_bytes(text: Any, encoding: Any) -> bytes:
    """Replacement of `_codecs.encode`, by which Python 3 pickles `bytes` in old protocols."""
    if encoding != "latin1" or not isinstance(text, str):
        raise pickle.UnpicklingError("it encodes bytes otherwise than as latin1")
    return text.encode("latin1")


class _ArraysOnly(pickle.Unpickler):
    """Unpickles NumPy arrays and plain containers, and refuses all other names."""

    _allowed = {
        **{(home, "_reconstruct"): RECONSTRUCT for home in HOMES},
        ("numpy", "ndarray"): Array,
        ("numpy", "dtype"): Dtype,
        ("_codecs", "encode"): Function(_latin1_bytes),
    }

    def find_class(self, module_name: str, global_name: str) -> Any:
        if (module_name, global_name) not in self._allowed:
            raise pickle.UnpicklingError(f"it asks for {module_name}.{global_name}, which image data never need")
        return self._allowed[module_name, global_name]
