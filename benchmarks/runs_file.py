"""Files of runs: one line of JSON per run, as soon as it is measured; several machines and days may add to one."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relnas_mm.provenance import commit

RESULTS = Path(__file__).resolve().parents[1] / "docs" / "results"


class RunsFile:
    """A file of runs; a line that was cut off is forgotten.

    Args:
        path: The file, or its name in docs/results.
        fields: Fields of a line that say which run it is.

    Attributes:
        runs: The lines by the values of these fields.
    """

    def __init__(self, path: str | Path, fields: tuple[str, ...]):
        self._path, self._fields = RESULTS / path, fields
        text = self._path.read_text() if self._path.exists() else ""
        lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        self.runs = {tuple(line[field] for field in fields): line for line in lines}

    def add(self, key: tuple[Any, ...], figures: Mapping[str, Any]) -> None:
        """Appends a run with its commit."""
        self.runs[key] = line = {**dict(zip(self._fields, key)), **figures, "commit": commit()}
        with self._path.open("ab") as file:
            file.truncate(self._path.read_bytes().rfind(b"\n") + 1)
            file.write(json.dumps(line).encode() + b"\n")


def commits(lines: list[dict[str, Any]]) -> str:
    """The commits of some lines."""
    return " and ".join(sorted({line["commit"] for line in lines}))
