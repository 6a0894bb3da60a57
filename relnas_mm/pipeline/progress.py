"""Which steps of a pipeline are done: a small file in its work_dir, written after each."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from relnas_mm.errors import UserError
from relnas_mm.files import write_atomically

FILE = "pipeline.json"


@dataclass
class Progress:
    """Finished steps and their seconds.

    Args:
        folder: The pipeline's work_dir.
        fingerprint: Of its plan.
        seconds: Finished steps, in order, and how long each took.
        started: Names of steps that were begun, finished or not.
    """

    folder: Path
    fingerprint: str
    seconds: dict[str, float]
    started: list[str]

    @classmethod
    def load(cls, folder: Path, fingerprint: str) -> "Progress":
        """Progress of the same plan in this folder; none if the folder is new or empty.

        Raises:
            UserError: The folder holds something else, or another plan's progress.
        """
        path = folder / FILE
        if not path.exists():
            if folder.is_dir() and any(folder.iterdir()):
                raise UserError(
                    f"the work_dir {str(folder)!r} is not empty and not a pipeline's; choose another with --work-dir"
                )
            return cls(folder, fingerprint, {}, [])
        try:
            state = json.loads(path.read_text())
            found = cls(folder, state["fingerprint"], dict(state["seconds"]), list(state["started"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"the progress file {str(path)!r} cannot be read ({error!r}); remove the folder") from None
        if found.fingerprint != fingerprint:
            raise UserError(
                f"the work_dir {str(folder)!r} holds a run of another pipeline config; "
                "choose another with --work-dir, or remove the folder to start again"
            )
        return found

    def begin(self, step: str) -> float:
        """Notes that a step begins; returns the time."""
        if step not in self.started:
            self.started.append(step)
        self._save()
        return time.time()

    def finish(self, step: str, begun: float) -> None:
        """Notes that a step has ended well."""
        self.seconds[step] = round(time.time() - begun, 1)
        self._save()

    def _save(self) -> None:
        state = {"fingerprint": self.fingerprint, "started": self.started, "seconds": self.seconds}
        write_atomically(self.folder / FILE, json.dumps(state, indent=2) + "\n")
