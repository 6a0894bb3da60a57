"""Reader of CIFAR-10 and CIFAR-100 in their Python layout, by a restricted unpickler.

Checksums are not verified, so recompressed, reduced or generated data of the same layout load as well.
"""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from relnas_mm.errors import UserError

SIDE = 32
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
    if not isinstance(names, list) or not names:
        raise UserError(f"{str(folder / meta_file)!r} is damaged: it has no list {names_key!r}")
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
    labels = np.asarray(labels, dtype=np.int64)
    if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise UserError(
            f"{str(path)!r} has labels from {labels.min()} to {labels.max()}; its {classes} classes allow "
            f"0 to {classes - 1}"
        )
    return pixels.reshape(-1, 3, SIDE, SIDE), labels


def _load(path: Path) -> dict[str, Any]:
    """Loads a pickled dictionary of arrays, lists, numbers and strings, with its keys as strings."""
    try:
        with path.open("rb") as file:
            content = _ArraysOnly(file, encoding="bytes").load()
    except OSError as error:
        raise UserError(f"{str(path)!r} cannot be read: {error.strerror or error}") from None
    except Exception as error:  # a damaged pickle can raise anything
        raise UserError(f"{str(path)!r} is not a readable CIFAR batch: {error}") from None
    if not isinstance(content, dict):
        raise UserError(f"{str(path)!r} is not a CIFAR batch: it holds a {type(content).__name__}, not a dictionary")
    return {_text(key): value for key, value in content.items()}


def _text(value: Any) -> str:
    return value.decode("latin1") if isinstance(value, bytes) else str(value)


def _latin1_bytes(text: str, encoding: str) -> bytes:
    """Replacement of `_codecs.encode`, by which Python 3 pickles `bytes` in old protocols."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it encodes bytes as {encoding!r}")
    return text.encode("latin1")


class _ArraysOnly(pickle.Unpickler):
    """Unpickles NumPy arrays and plain containers, and refuses all other names."""

    _reconstruct: Callable[..., Any] = np.empty(0).__reduce__()[0]  # type: ignore[assignment]
    _allowed = {
        ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
        ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("_codecs", "encode"): _latin1_bytes,
    }

    def find_class(self, module_name: str, global_name: str) -> Any:
        if (module_name, global_name) not in self._allowed:
            raise pickle.UnpicklingError(f"it asks for {module_name}.{global_name}, which image data never need")
        return self._allowed[module_name, global_name]
