"""Reading and validation of label maps, without mm packages."""

import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from relnas_mm.errors import UserError

IDS = 256
"""Number of ids of 8 bits."""


def read_label_map(content: bytes, path: str) -> NDArray[np.uint8]:
    """Decodes a label map; palette images yield their indices.

    Args:
        content: Content of the file.
        path: Path of the file, for error messages.

    Returns:
        Ids, (h, w).

    Raises:
        UserError: The file is no image, has several channels, or ids beyond 8 bits.
    """
    try:
        ids = np.asarray(Image.open(io.BytesIO(content)))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(f"the label map {path!r} cannot be read: {error}") from None
    if ids.ndim != 2:
        raise UserError(
            f"the label map {path!r} has {ids.shape[-1]} channels; it must have one, which holds the id of each pixel"
        )
    if ids.max(initial=0) >= IDS or ids.min(initial=0) < 0:
        largest = ids.max() if ids.max() >= IDS else ids.min()
        raise UserError(f"the label map {path!r} holds the id {largest}; ids must be between 0 and {IDS - 1}")
    return ids.astype(np.uint8)


def lookup_table(reduce_zero_label: bool, label_map: Mapping[int, int] | None) -> NDArray[np.uint8]:
    """Lookup table of ids, (256,), by mmseg's settings.

    Args:
        reduce_zero_label: Whether 0 becomes 255, and other ids decrease by one.
        label_map: Mapping that is applied after that.
    """
    table = np.arange(IDS, dtype=np.uint8)
    if reduce_zero_label:
        table[:-1] = np.roll(table, 1)[:-1]
        table[0] = IDS - 1
    mapped = table.copy()
    for old, new in (label_map or {}).items():
        mapped[table == old] = new
    return mapped


def check_label_map(
    ids: NDArray[np.uint8], table: NDArray[np.uint8], num_classes: int, ignore_index: int, path: str
) -> None:
    """Checks that every id is a class or ignored.

    Args:
        ids: Ids in the file, (h, w).
        table: Their lookup table (`lookup_table`).
        num_classes: Number of classes of the data set.
        ignore_index: Id of ignored pixels.
        path: Path of the file, for error messages.

    Raises:
        UserError: An id is neither.
    """
    allowed = (table < num_classes) | (table == ignore_index)
    bad = np.flatnonzero((np.bincount(ids.ravel(), minlength=IDS) > 0) & ~allowed)
    if len(bad):
        raise UserError(f"the label map {path!r} holds the id {bad[0]}; allowed are {_ranges(np.flatnonzero(allowed))}")


def _ranges(ids: NDArray[np.intp]) -> str:
    parts = np.split(ids, np.flatnonzero(np.diff(ids) > 1) + 1)
    return ", ".join(f"{part[0]} to {part[-1]}" if len(part) > 1 else str(part[0]) for part in parts if len(part))
