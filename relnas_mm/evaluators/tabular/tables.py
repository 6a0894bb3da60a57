"""Readers of tabular benchmarks: CSV files with one line, or JSON files with one entry, per architecture."""

import csv
import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from relnas_mm.errors import UserError
from relnas_mm.files import LARGE, parse_json, read_text

Table = dict[str, tuple[float, ...]]


def read_columns(path: "str | os.PathLike[str]", columns: Sequence[str], key: str = "arch_str") -> Table:
    """Reads columns of a table, by architecture.

    Args:
        path: A CSV file whose first line names the columns, or a JSON file `{architecture: {column: value}}`.
        columns: Names of columns; `name.1` is the second value of a list in the JSON column `name`.
        key: The CSV column that names the architecture.

    Raises:
        UserError: The file cannot be read, a column is missing, or a line is damaged.
    """
    path = Path(path)
    text = read_text(path, f"the table {str(path)!r}", LARGE)
    rows = _json_rows(path, text, columns) if path.suffix == ".json" else _csv_rows(path, text, columns, key)
    return dict(rows)


def shared_columns(path: "str | os.PathLike[str]", columns: Sequence[str], key: str = "arch_str") -> Table:
    """As `read_columns`, but caches unchanged files, as many searches use the same table.

    Returns:
        A shared table: never modify it.
    """
    path = Path(path)
    modified = path.stat().st_mtime_ns if path.exists() else 0
    return _columns_at(path, tuple(columns), key, modified)


@lru_cache(maxsize=16)
def _columns_at(path: Path, columns: tuple[str, ...], key: str, modified: int) -> Table:
    return read_columns(path, columns, key)


def _csv_rows(path: Path, text: str, columns: Sequence[str], key: str) -> Iterator[tuple[str, tuple[float, ...]]]:
    lines = text.splitlines()
    reader = csv.reader(lines)
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise UserError(f"line 1 of the table {str(path)!r} is damaged: {error}") from None
    for name in (key, *columns):
        _require_column(path, name, header)
    key_index, *indices = (header.index(name) for name in (key, *columns))
    try:
        for cells in reader:
            yield cells[key_index], tuple(float(cells[index]) for index in indices)
    except (IndexError, ValueError, csv.Error):
        number = reader.line_num
        raise UserError(f"line {number} of the table {str(path)!r} is damaged: {lines[number - 1][:80]!r}") from None


def _json_rows(path: Path, text: str, columns: Sequence[str]) -> Iterator[tuple[str, tuple[float, ...]]]:
    try:
        entries = parse_json(text, "the table")
        first: dict[str, Any] = next(iter(entries.values()))
        names = [
            *first,
            *(f"{name}.{i}" for name, value in first.items() if isinstance(value, list) for i in range(len(value))),
        ]
    except (ValueError, AttributeError, TypeError, StopIteration):
        raise UserError(
            f"the table {str(path)!r} is not JSON of the form {{architecture: {{column: value}}}}"
        ) from None
    for column in columns:
        _require_column(path, column, names)
    split = [column.partition(".") for column in columns]
    for architecture, entry in entries.items():
        try:
            values = tuple(float(entry[name][int(item)] if item else entry[name]) for name, _, item in split)
        except (KeyError, IndexError, TypeError, ValueError):
            raise UserError(
                f"the entry {architecture!r} of the table {str(path)!r} is damaged: {str(entry)[:80]}"
            ) from None
        yield architecture, values


def _require_column(path: Path, name: str, names: Sequence[str]) -> None:
    if name not in names:
        raise UserError(f"the table {str(path)!r} has no column {name!r}; it has {', '.join(names)}")
