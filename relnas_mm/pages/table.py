"""Tables as data, shown as HTML by `tables.html.j2` and as Markdown."""

from collections.abc import Iterator
from typing import NamedTuple

from relnas_mm.pages.markdown import markdown_text

NUMBER, LONG = "n", "long"
"""Kinds of columns: numbers, aligned right; long texts, which may be broken anywhere."""

GOOD, BAD = "good", "bad"
"""Marks of rows."""


class Column(NamedTuple):
    """A column: its title, and its kind, '' for short texts."""

    title: str
    kind: str = ""


class Row(NamedTuple):
    """A row: its texts, the mark of one of them, and whether a group of rows starts here."""

    cells: tuple[str, ...]
    mark: str = ""
    starts_group: bool = False


class Table(NamedTuple):
    """A table; the first cell of each row is its header, and `marked` is the column that marks colour."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    marked: int = -1

    def cells(self, row: Row) -> Iterator[tuple[Column, str]]:
        """The cells of a row with their columns."""
        return zip(self.columns, row.cells, strict=True)

    def markdown(self) -> str:
        """The table in Markdown, without its caption."""
        rules = ["---:" if column.kind == NUMBER else "---" for column in self.columns]
        lines = [[markdown_text(column.title) for column in self.columns], rules]
        lines += [[markdown_text(cell) for cell in row.cells] for row in self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
