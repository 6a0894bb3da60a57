"""The folder of a search, with its records and checkpoints."""

import os
from pathlib import Path

from relnas_mm.errors import UserError
from relnas_mm.search.checkpoint_store import CheckpointStore
from relnas_mm.search.records import Records

RECORDS, CHECKPOINTS = "records.jsonl", "run_store"
TRACES = (RECORDS, "genotype.json", "chain.json", "architecture.json", CHECKPOINTS)
"""Files by which the folder of a search is recognized."""


class RunStore:
    """The folder of a search.

    Args:
        folder: The folder; created by `open`.
        keep: Number of checkpoints to keep, at least 1.
        save_every: Seconds between checkpoints; 0 saves after each group.

    Attributes:
        records: Records of the candidates and generations.
        checkpoints: Saved steps.

    Raises:
        UserError: `keep` is below 1.
    """

    def __init__(self, folder: "str | os.PathLike[str]", keep: int = 2, save_every: float = 30.0):
        self.folder, self.save_every = Path(folder), save_every
        self.records = Records(self.folder / RECORDS)
        self.checkpoints = CheckpointStore(self.folder / CHECKPOINTS, keep)

    def open(self, resume: bool) -> None:
        """Creates the folder, unless it holds a search that would be overwritten.

        Args:
            resume: Whether to resume the search in the folder.

        Raises:
            UserError: The folder holds a search that is not to be resumed, or cannot be created.
        """
        check_overwriting(self.folder, resume)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"the work_dir {str(self.folder)!r} cannot be created: {error.strerror or error}") from None


def check_overwriting(folder: Path, resume: bool) -> None:
    """Checks that no search is overwritten.

    Raises:
        UserError: The folder holds a search that is not to be resumed.
    """
    if not resume and (found := found_traces(folder)):
        raise UserError(
            f"the work_dir {str(folder)!r} already holds a search ({found[0]}); "
            "resume it with --resume or choose another --work-dir"
        )


def found_traces(folder: Path) -> list[str]:
    """Returns the files of a search that a folder holds."""
    return [name for name in TRACES if (folder / name).exists()]
