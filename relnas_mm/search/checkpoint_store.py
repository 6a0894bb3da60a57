"""Crash-safe checkpoints: one folder per step, written atomically and verified on reading.

The files of a step are written and synced in a scratch folder, followed by a manifest with their SHA-256 digests; one
rename publishes the step, and only then are old steps removed.  Whenever the process dies, the newest complete step
survives.  Tensors are stored as safetensors, arrays as NPZ without pickles, everything else as JSON.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from relnas_mm.errors import UserError
from relnas_mm.files import read_bytes, read_json
from relnas_mm.operating_system import sync_file, sync_folder
from relnas_mm.search.state_files import State, read_state, state_files

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
_STEP, _SCRATCH = "step-", ".scratch-"


@dataclass(frozen=True)
class Loaded:
    """A loaded step.

    Args:
        step: Number of the step.
        state: The saved state.
        skipped: One message for each newer step that is unusable.
    """

    step: int
    state: State
    skipped: tuple[str, ...]


class CheckpointStore:
    """The saved steps of a run.

    Args:
        folder: Folder of the steps; created on the first save.
        keep: Number of steps to keep, at least 1.
        passing: Called with the name of each point that a save passes, so that tests can interrupt it there.
    """

    def __init__(self, folder: Path, keep: int = 2, passing: Callable[[str], None] = lambda point: None):
        if keep < 1:
            raise UserError(f"keep of the run store is {keep!r}; it must be at least 1")
        self.folder, self.keep, self.passing = folder, keep, passing

    def save(self, step: int, state: State) -> Path:
        """Writes a step.

        Args:
            step: Number of the step, larger than all before.
            state: State to save.

        Returns:
            The folder of the step.

        Raises:
            UserError: The step cannot be written, for example because the disk is full; earlier steps are unaffected.
        """
        scratch = self.folder / f"{_SCRATCH}{step:08d}"
        target = self.folder / f"{_STEP}{step:08d}"
        with self._reporting(step):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._clear_scratch()
            scratch.mkdir()
            self.passing("begun")
            entries = {}
            for name, content in state_files(state).items():
                _write_synced(scratch / name, content)
                entries[name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
                self.passing(f"written {name}")
            manifest = {"schema_version": SCHEMA_VERSION, "step": step, "files": entries}
            _write_synced(scratch / MANIFEST, json.dumps(manifest, indent=1).encode())
            sync_folder(scratch)
            self.passing("written manifest")
            if target.exists():  # an unusable step that resuming skipped
                target.rename(self.folder / f"{_SCRATCH}old-{step:08d}")
                self.passing("moved old step")
            scratch.rename(target)
            self.passing("renamed")
            sync_folder(self.folder)
            for old in self.steps()[: -self.keep]:
                self._remove(old)
                self.passing("removed old step")
            self._clear_scratch()
            self.passing("done")
        return target

    def steps(self) -> list[Path]:
        """Returns the folders of the steps, oldest first."""
        return sorted(self.folder.glob(f"{_STEP}*"))

    def load_newest(self) -> Loaded | None:
        """Returns the newest step that passes verification; `None` if there are no steps.

        Raises:
            UserError: There are steps, but none is usable.
        """
        skipped: list[str] = []
        for path in reversed(self.steps()):
            try:
                files = _verified_files(path)
                return Loaded(int(path.name.removeprefix(_STEP)), read_state(files), tuple(skipped))
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                skipped.append(f"the checkpoint {path.name} is not usable: {error}")
        if skipped:
            raise UserError(f"no checkpoint in {str(self.folder)!r} is usable: " + "; ".join(skipped))
        return None

    def _clear_scratch(self) -> None:
        for path in self.folder.glob(f"{_SCRATCH}*"):
            shutil.rmtree(path)

    def _remove(self, path: Path) -> None:
        """Removes a step; the rename keeps a partially deleted step from being read."""
        scratch = self.folder / f"{_SCRATCH}{path.name}"
        path.rename(scratch)
        shutil.rmtree(scratch)

    @contextmanager
    def _reporting(self, step: int) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            steps = self.steps() if self.folder.is_dir() else []
            shutil.rmtree(self.folder / f"{_SCRATCH}{step:08d}", ignore_errors=True)
            last = f"the last complete one is {steps[-1].name}" if steps else "there is none before it"
            raise UserError(
                f"checkpoint {step} cannot be written to {str(self.folder)!r}: {error.strerror or error}; {last}"
            ) from None


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
    sync_file(path)


def _verified_files(folder: Path) -> Mapping[str, bytes]:
    """The files of a step, verified against its manifest."""
    manifest = read_json(folder / MANIFEST, MANIFEST)
    if manifest["schema_version"] != SCHEMA_VERSION:
        raise ValueError(f"its schema_version is {manifest['schema_version']}; this release reads {SCHEMA_VERSION}")
    files = {}
    for name, entry in manifest["files"].items():
        if Path(name).name != name or name in ("", ".."):
            raise ValueError(f"its manifest names {name!r}, which is no file of its folder")
        if (size := (folder / name).stat().st_size) != entry["bytes"]:
            raise ValueError(f"{name} has {size} bytes instead of {entry['bytes']}")
        content = read_bytes(folder / name, name, size)
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise ValueError(f"{name} is corrupt (its SHA-256 differs from the manifest's)")
        files[name] = content
    return files
