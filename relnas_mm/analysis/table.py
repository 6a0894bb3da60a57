"""The analysis of a network as Markdown and as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from relnas_mm.analysis.complexity import Part
from relnas_mm.analysis.input_shape import InputShape
from relnas_mm.analysis.latency import Latency

COLUMNS = {
    "parameters": "parameters",
    "trainable": "trainable",
    "unused": "unused",
    "macs": "MACs (Conv2d, Linear)",
    "macs_with_deconvolutions": "MACs with deconvolutions",
    "flops": "flops (mmengine)",
    "activations": "activations (mmengine)",
}
LATENCY = ("batch", "layout", "median, ms", "quartiles, ms", "images/s")


@dataclass(frozen=True)
class Analysis:
    """The analysis of a network.

    Args:
        config: Path of its config.
        model: Class name of the model.
        shape: Size of the images.
        parts: Its parts, the total last.
        notes: Remarks on the figures.
        latencies: Measured latencies, possibly none.
        device: Name of the device on which they were measured.
        threads: Number of torch's CPU threads.
        provenance: Origin of the figures (`relnas_mm.provenance`).
    """

    config: str
    model: str
    shape: InputShape
    parts: Sequence[Part]
    notes: Sequence[str]
    latencies: Sequence[Latency]
    device: str
    threads: int
    provenance: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The analysis as JSON-serializable data."""
        return {
            "config": self.config,
            "model": self.model,
            "shape": [self.shape.height, self.shape.width],
            "shape_source": self.shape.source,
            "parts": [asdict(part) for part in self.parts],
            "notes": list(self.notes),
            "latency": [{**asdict(row), "images_per_second": row.images_per_second} for row in self.latencies],
            "threads": self.threads,
            **self.provenance,
            "device": self.device,
        }

    def as_markdown(self) -> str:
        """A heading, the table of parts with its notes, and the table of latencies."""
        lines = [f"**{self.model}**, {self.config}, image {self.shape} (from {self.shape.source})", ""]
        rows = [[part.name, *(_number(getattr(part, key)) for key in COLUMNS)] for part in self.parts]
        lines += _table(["part", *COLUMNS.values()], rows, left=0)
        lines += ["", *(f"- {note}" for note in self.notes)]
        if self.latencies:
            threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
            torch = f"torch {self.provenance['versions']['torch']}"
            lines += ["", f"Latency on {self.device}, {threads}, {torch}, float32:", ""]
            lines += _table(LATENCY, [_latency_row(row) for row in self.latencies], left=1)
        return "\n".join(lines) + "\n"


def _latency_row(row: Latency) -> list[str]:
    quartiles = f"{row.lower:.2f} to {row.upper:.2f}"
    return [str(row.batch), row.layout, f"{row.median:.2f}", quartiles, f"{row.images_per_second:.1f}"]


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int) -> list[str]:
    """A Markdown table with padded columns; column `left` is left-aligned, the others right-aligned."""
    cells = [head, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        columns = enumerate(zip(row, widths))
        return "| " + " | ".join(c.ljust(width) if i == left else c.rjust(width) for i, (c, width) in columns) + " |"

    rule = ["-" * width if column == left else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    return [line(head), line(rule), *map(line, cells[1:])]
