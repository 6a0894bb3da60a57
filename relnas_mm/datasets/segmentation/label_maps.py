"""Reading and validation of label maps, without mm packages."""

import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from relnas_mm.datasets.image_files import SIXTEEN_BITS, ImageHeader
from relnas_mm.errors import UserError

IDS = 256
"""Number of ids of 8 bits."""

ONE_CHANNEL = ("1", "L", "P", "I", *SIXTEEN_BITS)
"""Modes of Pillow with one number per pixel."""


def read_label_map(
    content: bytes, path: str, size: tuple[int, int] | None = None, image_path: str | None = None
) -> NDArray[np.uint8]:
    """Decodes a label map; palette images yield their indices.

    Args:
        content: Content of the file.
        path: Path of the file, for error messages.
        size: Width and height of its image, which the header is compared with before pixels are decoded; `None` for
            any.
        image_path: Path of the image, for error messages.

    Returns:
        Ids, (h, w).

    Raises:
        UserError: The file is no image, has another size, several channels, or ids beyond 8 bits.
    """
    try:
        image = Image.open(io.BytesIO(content))
        if size is not None and image.size != size:
            raise UserError(
                f"the label map {path!r} has {image.width}x{image.height} pixels; "
                f"the image {image_path!r} has {size[0]}x{size[1]}"
            )
        ids = np.asarray(image)
    except UserError:
        raise
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


def check_label_header(label_map: ImageHeader, image: ImageHeader, path: str, image_path: str) -> None:
    """Checks a label map by its header.

    Args:
        label_map: Header of the label map, read without EXIF orientation.
        image: Header of its image.
        path: Path of the label map, for error messages.
        image_path: Path of the image, for error messages.

    Raises:
        UserError: The label map has several channels, or another size than its image.
    """
    if label_map.mode not in ONE_CHANNEL:
        raise UserError(
            f"the label map {path!r} has mode {label_map.mode!r}; it must have one channel, which holds the id of each "
            "pixel (modes 'L', 'P', 'I', '1')"
        )
    if (label_map.width, label_map.height) != (image.width, image.height):
        raise UserError(
            f"the label map {path!r} has {label_map.size} pixels; the image {image_path!r} is read as {image.size}"
        )


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
