"""Reads the official NAS-Bench-101 file without TensorFlow: a TFRecord file of JSON and protocol buffers."""

import base64
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from relnas_mm.errors import UserError
from relnas_mm.files import decode, parse_json
from relnas_mm.progress import progress_bar
from relnas_mm.spaces.nasbench101 import Cell101, cell_of

COLUMNS = ("cell", "hash", "params", "val108", "test108", "val108_single", "halfway_val108", "halfway_test108")
EPOCHS = 108
_VALIDATION, _TEST = 4, 5
_MASK = 0xA282EAD8


@dataclass(frozen=True)
class Training:
    """One training run of a cell.

    Args:
        cell: The cell.
        hash: The benchmark's hash of the cell.
        epochs: Number of epochs.
        params: Number of trainable parameters.
        validation: Validation accuracy, 0 to 1, halfway and at the end.
        test: Test accuracy, likewise.
    """

    cell: Cell101
    hash: str
    epochs: int
    params: int
    validation: tuple[float, float]
    test: tuple[float, float]


def read_trainings(path: "str | os.PathLike[str]", epochs: int | None = None) -> Iterator[Training]:
    """Reads the training runs in a file such as `nasbench_only108.tfrecord`.

    Args:
        path: The file.
        epochs: Number of epochs to filter by; `None` for all runs.

    Raises:
        UserError: The file cannot be read, or a record is damaged.
    """
    for number, content in enumerate(read_records(path)):
        try:
            name, length, bits, operations, metrics = parse_json(decode(content, "it"), "it")
            if epochs is not None and length != epochs:
                continue
            params, evaluations = _metrics(base64.b64decode(metrics, validate=True))
            _, halfway, final = evaluations
            names = operations.split(",")
            matrix = np.array([int(bit) for bit in bits]).reshape(len(names), -1)
            yield Training(
                cell_of(matrix, names),
                str(name),
                int(length),
                params,
                (halfway[_VALIDATION], final[_VALIDATION]),
                (halfway[_TEST], final[_TEST]),
            )
        except (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError, struct.error) as error:
            raise UserError(f"record {number} of {os.fspath(path)!r} is damaged: {error}") from None


def read_records(path: "str | os.PathLike[str]") -> Iterator[bytes]:
    """Reads the records of a TFRecord file: a length of eight bytes, its checksum, the content, its checksum.

    Raises:
        UserError: The file cannot be read, is truncated, or a checksum does not match.
    """
    try:
        size = Path(path).stat().st_size
        with Path(path).open("rb") as file, progress_bar("NAS-Bench-101", size, in_bytes=True) as advance:
            number = 0
            while head := file.read(12):
                length = struct.unpack("<Q", head[:8])[0] if len(head) == 12 else -1
                if length < 0 or masked_crc(head[:8]) != struct.unpack("<I", head[8:])[0]:
                    raise UserError(f"record {number} of {os.fspath(path)!r} is damaged: its length is unreadable")
                content, tail = file.read(min(length, size)), file.read(4)  # a damaged length may be of exabytes
                if len(content) != length or len(tail) != 4:
                    raise UserError(f"record {number} of {os.fspath(path)!r} is cut off after {len(content)} bytes")
                if masked_crc(content) != struct.unpack("<I", tail)[0]:
                    raise UserError(f"record {number} of {os.fspath(path)!r} is damaged: its checksum differs")
                yield content
                number += 1
                advance(len(head) + length + len(tail))
    except OSError as error:
        raise UserError(f"the file {os.fspath(path)!r} cannot be read: {error.strerror or error}") from None


def masked_crc(content: bytes) -> int:
    """The masked CRC-32C of TFRecord files: rotated, plus a constant."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + _MASK) & 0xFFFFFFFF


def table_lines(trainings: Iterator[Training]) -> Iterator[str]:
    """Lines of a CSV table with one line per cell: mean accuracies of its runs in percent.

    `val108_single` is the validation accuracy of the first run.
    """
    found: dict[str, list[Training]] = {}
    for training in trainings:
        found.setdefault(training.hash, []).append(training)
    yield ",".join(COLUMNS)
    for name, group in found.items():
        halfway = [(run.validation[0], run.test[0]) for run in group]
        final = [(run.validation[1], run.test[1]) for run in group]
        columns = (*np.mean(final, axis=0), final[0][0], *np.mean(halfway, axis=0))
        accuracies = ",".join(f"{100 * value:.6f}" for value in columns)
        yield f"{group[0].cell.canonical()},{name},{group[0].params},{accuracies}"


def _metrics(content: bytes) -> tuple[int, list[dict[int, float]]]:
    """Number of parameters, and the evaluations (at the start, halfway, at the end) as values by field."""
    params, evaluations = 0, []
    for field, value in _fields(content):
        if field == 1 and isinstance(value, bytes):
            numbers = {key: part for key, part in _fields(value) if isinstance(part, float)}
            evaluations.append(numbers)
        elif field == 2 and isinstance(value, int):
            params = value
    if len(evaluations) != 3:
        raise ValueError(f"it has {len(evaluations)} evaluations instead of 3")
    return params, evaluations


def _fields(content: bytes) -> Iterator[tuple[int, "int | float | bytes"]]:
    """Field numbers and values of a protocol buffer."""
    offset = 0
    while offset < len(content):
        key, offset = _varint(content, offset)
        field, kind = key >> 3, key & 7
        if kind == 0:
            value, offset = _varint(content, offset)
            yield field, value
        elif kind == 1:
            yield field, struct.unpack_from("<d", content, offset)[0]
            offset += 8
        elif kind == 2:
            length, offset = _varint(content, offset)
            if offset + length > len(content):
                raise ValueError("a field is cut off")
            yield field, content[offset : offset + length]
            offset += length
        else:
            raise ValueError(f"a field has the unknown wire type {kind}")


def _varint(content: bytes, offset: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[offset]
        value |= (byte & 0x7F) << shift
        offset, shift = offset + 1, shift + 7
        if not byte & 0x80:
            return value, offset


def _crc_table() -> list[int]:
    table = []
    for crc in range(256):
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return table


_TABLE = _crc_table()
