"""Progress of a pipeline, stored in its work_dir after each step."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from relnas_mm.errors import UserError
from relnas_mm.files import read_json, write_atomically

FILE = "pipeline.json"


@dataclass
class Progress:
    """Finished steps and their durations.

    Args:
        folder: The pipeline's work_dir.
        fingerprint: Fingerprint of its plan.
        seconds: Durations of the finished steps, in order.
        started: Names of the started steps, finished or not.
    """

    folder: Path
    fingerprint: str
    seconds: dict[str, float]
    started: list[str]

    @classmethod
    def load(cls, folder: Path, fingerprint: str) -> "Progress":
        """Loads the progress of a plan; a new or empty folder has none.

        Raises:
            UserError: The folder holds other files, or the progress of another plan.
        """
        path = folder / FILE
        if not path.exists():
            if folder.is_dir() and any(folder.iterdir()):
                raise UserError(
                    f"the work_dir {str(folder)!r} is not empty and not a pipeline's; choose another with --work-dir"
                )
            return cls(folder, fingerprint, {}, [])
        try:
            state = read_json(path, "it")
            found = cls(folder, state["fingerprint"], dict(state["seconds"]), list(state["started"]))
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"the progress file {str(path)!r} cannot be read ({type(error).__name__}: {error}); remove the folder"
            ) from None
        if not all(isinstance(value, (int, float)) for value in found.seconds.values()):
            raise UserError(f"the durations in the progress file {str(path)!r} are no numbers; remove the folder")
        if found.fingerprint != fingerprint:
            raise UserError(
                f"the work_dir {str(folder)!r} holds a run of another pipeline config; "
                "choose another with --work-dir, or remove the folder to start again"
            )
        return found

    def begin(self, step: str) -> float:
        """Records the start of a step, and returns its time."""
        if step not in self.started:
            self.started.append(step)
        self._save()
        return time.time()

    def finish(self, step: str, begun: float) -> None:
        """Records the successful end of a step."""
        self.seconds[step] = round(time.time() - begun, 1)
        self._save()

    def _save(self) -> None:
        state = {"fingerprint": self.fingerprint, "started": self.started, "seconds": self.seconds}
        write_atomically(self.folder / FILE, json.dumps(state, indent=2) + "\n")
