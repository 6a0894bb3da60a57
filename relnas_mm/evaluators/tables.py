"""Reading tabular benchmarks: CSV files with a line for each architecture.  Needs nothing but Python."""

import os
from pathlib import Path

from relnas_mm.errors import UserError


def read_columns(
    path: "str | os.PathLike[str]", columns: tuple[str, ...], key: str = "arch_str"
) -> dict[str, tuple[float, ...]]:
    """Some columns of a CSV file without quotes, by architecture.

    Args:
        path: The file; its first line names the columns.
        columns: Which columns.
        key: The column that names the architecture.

    Raises:
        UserError: The file cannot be read, a column is missing, or a line is damaged; the sentence says which.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the table {str(path)!r} cannot be read: {error}") from None
    header = lines[0].split(",") if lines else []
    if missing := [name for name in (key, *columns) if name not in header]:
        raise UserError(f"the table {str(path)!r} has no column {missing[0]!r}; it has {', '.join(header)}")
    place, *places = (header.index(name) for name in (key, *columns))
    table: dict[str, tuple[float, ...]] = {}
    for number, line in enumerate(lines[1:], 2):
        cells = line.split(",")
        try:
            table[cells[place]] = tuple(float(cells[column]) for column in places)
        except (IndexError, ValueError):
            raise UserError(f"line {number} of the table {str(path)!r} is damaged: {line[:80]!r}") from None
    return table
