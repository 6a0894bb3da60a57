"""What a file of class ids must hold before a segmentor can be trained on it.  No mm package needed."""

import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from relnas_mm.errors import UserError

IDS = 256
"""Label maps have 8 bits a pixel."""


def read_label_map(content: bytes, path: str) -> NDArray[np.uint8]:
    """Decodes a label map, colours of a palette as their indices.

    Args:
        content: Of the file.
        path: Its name, for the error message.

    Returns:
        Ids, (h, w).

    Raises:
        UserError: It is no image, or an image of colours.
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
    """What becomes of each id of a file, as mmseg's settings say; (256,).

    Args:
        reduce_zero_label: 0 becomes 255, and other ids one less.
        label_map: Then, old ids to new ones.
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
    """Makes sure that every id is a class, or is ignored.

    Args:
        ids: Of the file, (h, w).
        table: What becomes of them (`lookup_table`).
        num_classes: Classes of the data set.
        ignore_index: What pixels without a class become.
        path: The file's name.

    Raises:
        UserError: An id is neither; the smallest such id is named.
    """
    allowed = (table < num_classes) | (table == ignore_index)
    bad = np.flatnonzero((np.bincount(ids.ravel(), minlength=IDS) > 0) & ~allowed)
    if len(bad):
        raise UserError(f"the label map {path!r} holds the id {bad[0]}; allowed are {_ranges(np.flatnonzero(allowed))}")


def _ranges(ids: NDArray[np.intp]) -> str:
    parts = np.split(ids, np.flatnonzero(np.diff(ids) > 1) + 1)
    return ", ".join(f"{part[0]} to {part[-1]}" if len(part) > 1 else str(part[0]) for part in parts if len(part))
