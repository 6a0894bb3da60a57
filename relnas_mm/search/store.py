"""What a search keeps in its folder: records, checkpoints, and what it leaves for people."""

import os
from pathlib import Path

from relnas_mm.errors import UserError
from relnas_mm.search.checkpoint_store import CheckpointStore
from relnas_mm.search.records import Records

RECORDS, CHECKPOINTS = "records.jsonl", "run_store"
TRACES = (RECORDS, "genotype.json", "chain.json", "architecture.json", CHECKPOINTS)
"""What tells that a folder holds a search."""


class RunStore:
    """The folder of a search.

    Args:
        folder: Made when first written to.
        keep: How many checkpoints stay, at least 1.
        save_every: Seconds between checkpoints; 0 saves after each group.

    Attributes:
        records: A line for each candidate and each generation.
        checkpoints: Saved steps, each complete or absent.

    Raises:
        UserError: `keep` is below 1.
    """

    def __init__(self, folder: "str | os.PathLike[str]", keep: int = 2, save_every: float = 30.0):
        self.folder, self.save_every = Path(folder), save_every
        self.records = Records(self.folder / RECORDS)
        self.checkpoints = CheckpointStore(self.folder / CHECKPOINTS, keep)

    def open(self, resume: bool) -> None:
        """Makes the folder, and makes sure that no search is overwritten.

        Raises:
            UserError: It holds a search that is not to be continued, or cannot be made.
        """
        check_overwriting(self.folder, resume)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"the work_dir {str(self.folder)!r} cannot be made: {error.strerror or error}") from None


def check_overwriting(folder: Path, resume: bool) -> None:
    """Makes sure that no search is overwritten.

    Raises:
        UserError: The folder holds a search that is not to be continued.
    """
    if not resume and (found := found_traces(folder)):
        raise UserError(
            f"the work_dir {str(folder)!r} holds a search already ({found[0]}); "
            "continue it with --resume or choose another --work-dir"
        )


def found_traces(folder: Path) -> list[str]:
    """Files of a search that a folder holds."""
    return [name for name in TRACES if (folder / name).exists()]
