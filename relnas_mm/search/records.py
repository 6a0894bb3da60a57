"""Records of a search: JSON lines, appended as it runs, from which all tables and plots are made."""

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from relnas_mm.errors import UserError
from relnas_mm.evaluators import Evaluation
from relnas_mm.files import parse_json
from relnas_mm.operating_system import sync_file
from relnas_mm.search.budget import Budget
from relnas_mm.strategies import Group, teachers_first

CANDIDATE, GENERATION = "candidate", "generation"


class Records:
    """A JSON-lines file of records.  Memory holds the candidates of the newest generation only.

    Args:
        path: The file; created by the first `append`.
    """

    def __init__(self, path: Path):
        self.path = path
        self.length = 0
        """Length of the file in bytes."""
        self._newest: list[dict[str, Any]] = []

    def append(self, *records: Mapping[str, Any]) -> None:
        """Appends records.

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
        for line in lines:
            self._note(json.loads(line))

    def cut(self, length: int) -> None:
        """Truncates the file to the length recorded in a checkpoint, and reads it.

        Args:
            length: Length in bytes.

        Raises:
            UserError: The file is shorter, or a line is not JSON.
        """
        size = self.path.stat().st_size if self.path.exists() else 0
        if size < length:
            raise UserError(f"the record {str(self.path)!r} has {size} bytes, but {length} at the checkpoint")
        if size:
            os.truncate(self.path, length)
            self._newest = []
            for record in read_records(self.path):
                self._note(record)
        self.length = length

    def sync(self) -> None:
        """Syncs the file to disk."""
        if self.path.exists():
            sync_file(self.path)

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """Reads the records of one type, such as 'candidate' or 'generation'."""
        return list(self.matching(lambda record: record["type"] == kind))

    def matching(self, wanted: Callable[[dict[str, Any]], bool]) -> Iterator[dict[str, Any]]:
        """Reads the file and yields the records that are wanted."""
        return filter(wanted, read_records(self.path) if self.path.exists() else ())

    def newest_generation(self) -> list[dict[str, Any]]:
        """Returns the candidates of the newest generation."""
        return list(self._newest)

    def _note(self, record: dict[str, Any]) -> None:
        if record["type"] != CANDIDATE:
            return
        if self._newest and self._newest[0].get("generation") != record.get("generation"):
            self._newest = []
        self._newest.append(record)


def dump_line(record: Mapping[str, Any]) -> str:
    """Formats a record as one line of strict JSON; non-finite numbers become null."""
    return json.dumps(_plain(record), separators=(",", ":"), allow_nan=False)


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Yields the records of a file.

    Raises:
        UserError: The file cannot be read, or a line is not JSON, or no object with a 'type'.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                where = f"line {number} of the record {str(path)!r}"
                record = parse_json(line, where)
                if not isinstance(record, dict) or not isinstance(record.get("type"), str):
                    raise UserError(f"{where} is no record; it must be an object with a 'type'")
                yield record
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the record {str(path)!r} cannot be read: {error}") from None


def candidate_records(
    group: Group, evaluations: list[Evaluation], budget: Budget | None = None
) -> list[dict[str, Any]]:
    """Returns one record per candidate of a group, with its rank by loss, scores, costs and architecture."""
    order = teachers_first([evaluation.loss for evaluation in evaluations])
    return [
        {
            "type": CANDIDATE,
            "generation": group.generation,
            "group": group.index,
            **({"stage": group.stage} if group.stage else {}),
            "number": candidate.number,
            "rank": order.index(index),
            "loss": evaluation.loss,
            **evaluation.metrics,
            **(budget.costs(candidate.architecture) if budget else {}),
            "vector": candidate.vector,
            "architecture": candidate.architecture.to_dict(),
        }
        for index, (candidate, evaluation) in enumerate(zip(group.candidates, evaluations))
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
