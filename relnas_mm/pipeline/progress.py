"""Progress of a pipeline, stored in its work_dir after each change."""

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from relnas_mm.errors import UserError
from relnas_mm.files import read_json, write_atomically
from relnas_mm.outputs import LOCK
from relnas_mm.pipeline.results import DONE, FAILED

FILE = "pipeline.json"
STARTED = "started"
SCHEMA_VERSION = 2


@dataclass
class Entry:
    """Progress of one step.

    Args:
        state: 'started', 'done' or 'failed'.
        digest: Digest of the inputs with which it was started.
        seconds: Time that it took, summed over interrupted tries.
        reason: Last lines of its log if it failed.
    """

    state: str
    digest: str
    seconds: float = 0.0
    reason: str = ""


@dataclass
class Progress:
    """Progress of the steps by name.

    Args:
        folder: The pipeline's work_dir.
        entries: Started steps.
        begun: Times at which the running steps began.
        wall_seconds: Time that all runs of the pipeline took.
    """

    folder: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    begun: dict[str, float] = field(default_factory=dict)
    wall_seconds: float = 0.0

    @classmethod
    def load(cls, folder: Path) -> "Progress":
        """Loads the progress in a folder; a new or empty folder has none.

        Raises:
            UserError: The folder holds other files, or the progress file is damaged.
        """
        path = folder / FILE
        if not path.exists():
            if folder.is_dir() and any(not _is_own(each.name) for each in folder.iterdir()):
                raise UserError(
                    f"the work_dir {str(folder)!r} is not empty and not a pipeline's; choose another with --work-dir"
                )
            return cls(folder)
        what = f"the progress file {str(path)!r}"
        content = read_json(path, what)
        if not isinstance(content, dict) or content.get("schema_version") != SCHEMA_VERSION:
            raise UserError(f"{what} is of another version of the pipeline; choose another folder with --work-dir")
        wall = content.get("wall_seconds", 0.0)
        if type(wall) not in (int, float) or not wall >= 0:
            raise UserError(f"{what} has the wall_seconds {wall!r:.60}; remove the folder to start again")
        entries = {name: _entry(value, name, what) for name, value in _steps(content, what).items()}
        return cls(folder, entries, wall_seconds=wall)

    def begin(self, step: str, digest: str) -> None:
        """Records the start of a step."""
        old = self.entries.get(step)
        spent = old.seconds if old and old.digest == digest and old.state != DONE else 0.0
        self.entries[step] = Entry(STARTED, digest, spent)
        self.begun[step] = time.monotonic()
        self.save()

    def finish(self, step: str, reason: str = "") -> Entry:
        """Records the end of a step.

        Args:
            step: Its name.
            reason: Why it failed; '' if it is done.
        """
        entry = self.entries[step]
        entry.state, entry.reason = (FAILED, reason) if reason else (DONE, "")
        self.interrupt(step)
        return entry

    def interrupt(self, step: str) -> None:
        """Records the time that a step has taken so far."""
        entry = self.entries[step]
        entry.seconds = round(entry.seconds + time.monotonic() - self.begun.pop(step), 1)
        self.save()

    def save(self) -> None:
        """Writes the progress file."""
        steps = {name: asdict(entry) for name, entry in self.entries.items()}
        content = {"schema_version": SCHEMA_VERSION, "wall_seconds": round(self.wall_seconds, 1), "steps": steps}
        write_atomically(self.folder / FILE, json.dumps(content, indent=2) + "\n")


def _steps(content: dict[str, Any], what: str) -> dict[str, Any]:
    steps = content.get("steps")
    if not isinstance(steps, dict):
        raise UserError(f"{what} has no object 'steps'; remove the folder to start again")
    return steps


def _entry(value: Any, name: str, what: str) -> Entry:
    if isinstance(value, dict) and value.keys() == Entry.__annotations__.keys():
        entry = Entry(**value)
        texts = (entry.state, entry.digest, entry.reason)
        seconds = type(entry.seconds) in (int, float) and entry.seconds >= 0
        if entry.state in (STARTED, DONE, FAILED) and all(isinstance(text, str) for text in texts) and seconds:
            return entry
    raise UserError(f"{what} has an invalid step {name!r:.60}; remove the folder to start again")


def _is_own(name: str) -> bool:
    """Whether a pipeline that was killed before its first note may have left a file."""
    return name == LOCK or name.startswith(f".{FILE}.")
