"""Reader of one numeric array of a MATLAB file, version 5: scipy's ends the process on some damaged ones."""

import math
import os
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from relnas_mm.errors import UserError
from relnas_mm.files import read_bytes

MAX_BYTES = 256 << 20
"""Largest size of a file, and of a compressed array in it."""
MAX_DIMENSIONS = 32
_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_MATRIX, _COMPRESSED = 14, 15
_NUMERIC = range(6, 16)
"""Classes of arrays: double, single, and integers of 1 to 8 bytes."""
_COMPLEX = 0x0800


def read_array(path: str | os.PathLike[str], name: str, what: str) -> np.ndarray | None:
    """Reads an array of real numbers.

    Args:
        path: The file.
        name: Name of the array.
        what: Description for the error message, such as "the file of heads 'a.mat'".

    Returns:
        The array as float64; `None` if the file has none of that name.

    Raises:
        UserError: The file cannot be read, is of another version, or is damaged.
    """
    content = read_bytes(path, what, MAX_BYTES)
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if order is None:
        raise UserError(f"{what} cannot be read: it is no MATLAB file of version 5")
    try:
        for kind, data in _elements(content, 128, order):
            if kind == _COMPRESSED:
                kind, data = next(_elements(_inflated(data), 0, order))
            if kind == _MATRIX and (found := _array(data, name, order)) is not None:
                return found
    except (ValueError, struct.error, zlib.error, StopIteration, TypeError) as error:
        raise UserError(f"{what} cannot be read: it is damaged ({str(error) or 'an element is missing'})") from None
    return None


def _elements(content: bytes, offset: int, order: str) -> Iterator[tuple[int, bytes]]:
    """Types and contents of the elements from `offset` on."""
    while offset < len(content):
        kind, length = struct.unpack_from(order + "II", content, offset)
        start = offset + 8
        if kind >> 16:  # a short element, whose content stands in its tag
            kind, length, start = kind & 0xFFFF, kind >> 16, offset + 4
            offset += 8
        else:
            offset = start + length + (0 if kind == _COMPRESSED else -length % 8)
        if start + length > len(content):
            raise ValueError(f"{length} bytes are due at {start}")
        yield kind, content[start : start + length]


def _inflated(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    content = stream.decompress(data, MAX_BYTES)
    if stream.unconsumed_tail:
        raise ValueError(f"an array expands to more than {MAX_BYTES >> 20} MiB")
    return content


def _array(data: bytes, name: str, order: str) -> np.ndarray | None:
    parts: Any = _elements(data, 0, order)
    flags = struct.unpack_from(order + "I", next(parts)[1])[0]
    _, sides = next(parts)
    if next(parts)[1] != name.encode():
        return None
    if flags & 0xFF not in _NUMERIC or flags & _COMPLEX:
        raise ValueError(f"{name} is no array of real numbers")
    shape = tuple(int(side) for side in np.frombuffer(sides, order + "i4"))
    kind, values = next(parts)
    if kind not in _TYPES or len(shape) > MAX_DIMENSIONS or min(shape, default=-1) < 0:
        raise ValueError(f"{name} has an unknown type or shape")
    numbers = np.frombuffer(values, order + _TYPES[kind])
    if math.prod(shape) != len(numbers):
        raise ValueError(f"{name} has {len(numbers)} numbers, but is of shape {shape}")
    return numbers.astype(np.float64).reshape(shape, order="F")
