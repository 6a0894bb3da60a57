"""The record of a search: JSON lines, appended as it goes, from which every table, plot and page is made."""

import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from relnas_mm.errors import UserError
from relnas_mm.evaluators import Evaluation
from relnas_mm.search.budget import Budget
from relnas_mm.strategies import Group, teachers_first

CANDIDATE, GENERATION = "candidate", "generation"


class Records:
    """A file of JSON lines.

    Args:
        path: The file; it need not exist.
    """

    def __init__(self, path: Path):
        self.path = path
        self.length = 0
        """Bytes written so far."""
        self._lines: list[dict[str, Any]] = []

    def append(self, *records: Mapping[str, Any]) -> None:
        """Adds lines at the end.

        Raises:
            UserError: The file cannot be written.
        """
        lines = [dump_line(record) for record in records]
        content = "".join(line + "\n" for line in lines).encode()
        try:
            with self.path.open("ab") as file:
                file.write(content)
        except OSError as error:
            raise UserError(f"the record {str(self.path)!r} cannot be written: {error.strerror or error}") from None
        self.length += len(content)
        self._lines += [json.loads(line) for line in lines]

    def cut(self, length: int) -> None:
        """Reads the file and forgets whatever follows its first `length` bytes, which no checkpoint knows.

        Raises:
            UserError: The file is shorter, or a line is not JSON.
        """
        size = self.path.stat().st_size if self.path.exists() else 0
        if size < length:
            raise UserError(f"the record {str(self.path)!r} has {size} bytes, but the checkpoint knows {length}")
        if size:
            os.truncate(self.path, length)
            self._lines = list(read_records(self.path))
        self.length = length

    def sync(self) -> None:
        """Forces what is written to disk."""
        if self.path.exists():
            with self.path.open("rb") as file:
                os.fsync(file.fileno())

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The lines of one type, 'candidate' or 'generation'."""
        return [line for line in self._lines if line["type"] == kind]

    def of_generation(self, generation: int) -> list[dict[str, Any]]:
        """The candidates of a generation."""
        return [line for line in self.of_type(CANDIDATE) if line["generation"] == generation]


def dump_line(record: Mapping[str, Any]) -> str:
    """One line of strict JSON: numbers that JSON has not are written as null."""
    return json.dumps(_plain(record), separators=(",", ":"), allow_nan=False)


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a file.

    Raises:
        UserError: A line is not JSON.
    """
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                raise UserError(f"line {number} of the record {str(path)!r} is not JSON") from None


def candidate_records(
    group: Group, evaluations: list[Evaluation], budget: Budget | None = None
) -> list[dict[str, Any]]:
    """A line for each candidate of a group: who it was, what it scored, who taught whom, what it costs."""
    order = teachers_first([evaluation.loss for evaluation in evaluations])
    return [
        {
            "type": CANDIDATE,
            "generation": group.generation,
            "group": group.index,
            **({"stage": group.stage} if group.stage else {}),
            "number": candidate.number,
            "rank": order.index(place),
            "loss": evaluation.loss,
            **evaluation.metrics,
            **(budget.costs(candidate.architecture) if budget else {}),
            "vector": candidate.vector,
            "architecture": candidate.architecture.to_dict(),
        }
        for place, (candidate, evaluation) in enumerate(zip(group.candidates, evaluations))
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
