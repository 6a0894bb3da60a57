"""The run store: one folder for each saved step, complete or absent, and checked when it is read.

A step is written to a scratch folder, file by file, each forced to disk; then comes the manifest with the SHA-256 of
every file, then one rename, and only then are old steps removed.  So whenever the process dies, the newest complete
step is there.  Tensors are safetensors, arrays NPZ without pickles, the rest JSON.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from relnas_mm.errors import UserError
from relnas_mm.search.state_files import State, read_state, state_files

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
_STEP, _SCRATCH = "step-", ".scratch-"


@dataclass(frozen=True)
class Loaded:
    """A step read back.

    Args:
        step: Its number.
        state: What was saved.
        skipped: One sentence for each newer step that could not be used.
    """

    step: int
    state: State
    skipped: tuple[str, ...]


class CheckpointStore:
    """The steps of a run in a folder.

    Args:
        folder: The folder; it is made when first written to.
        keep: How many steps stay, at least 1.
        passing: Called with the name of each point that a save passes; tests stop the process there.
    """

    def __init__(self, folder: Path, keep: int = 2, passing: Callable[[str], None] = lambda point: None):
        if keep < 1:
            raise UserError(f"keep of the run store is {keep!r}; at least 1 step must stay")
        self.folder, self.keep, self.passing = folder, keep, passing

    def save(self, step: int, state: State) -> Path:
        """Writes a step.

        Args:
            step: Its number, larger than those before.
            state: What `load_newest` is to give back.

        Returns:
            Its folder.

        Raises:
            UserError: It cannot be written, for example because the disk is full; earlier steps stay.
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
            _sync_folder(scratch)
            self.passing("written manifest")
            if target.exists():  # an unreadable one that the run was resumed behind
                target.rename(self.folder / f"{_SCRATCH}old-{step:08d}")
                self.passing("moved old step")
            scratch.rename(target)
            self.passing("renamed")
            _sync_folder(self.folder)
            for old in self.steps()[: -self.keep]:
                self._remove(old)
                self.passing("removed old step")
            self._clear_scratch()
            self.passing("done")
        return target

    def steps(self) -> list[Path]:
        """Folders of the steps, oldest first."""
        return sorted(self.folder.glob(f"{_STEP}*"))

    def load_newest(self) -> Loaded | None:
        """The newest step that is complete and unchanged; `None` if nothing was ever saved.

        Raises:
            UserError: There are steps, but none of them is usable.
        """
        skipped: list[str] = []
        for path in reversed(self.steps()):
            try:
                files = _verified_files(path)
                return Loaded(int(path.name.removeprefix(_STEP)), read_state(files), tuple(skipped))
            except (OSError, ValueError, KeyError, TypeError) as error:
                skipped.append(f"the checkpoint {path.name} is not usable: {error}")
        if skipped:
            raise UserError(f"no checkpoint in {str(self.folder)!r} is usable: " + "; ".join(skipped))
        return None

    def _clear_scratch(self) -> None:
        for path in self.folder.glob(f"{_SCRATCH}*"):
            shutil.rmtree(path)

    def _remove(self, path: Path) -> None:
        """Removes a step so that it is never there by halves under its own name."""
        gone = self.folder / f"{_SCRATCH}{path.name}"
        path.rename(gone)
        shutil.rmtree(gone)

    @contextmanager
    def _reporting(self, step: int) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            steps = self.steps() if self.folder.is_dir() else []
            shutil.rmtree(self.folder / f"{_SCRATCH}{step:08d}", ignore_errors=True)
            last = f"the last good one is {steps[-1].name}" if steps else "there is none before it"
            raise UserError(
                f"checkpoint {step} cannot be written to {str(self.folder)!r}: {error.strerror or error}; {last}"
            ) from None


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _verified_files(folder: Path) -> Mapping[str, bytes]:
    """The files of a step, if each is as its manifest says."""
    manifest = json.loads((folder / MANIFEST).read_bytes())
    if manifest["schema_version"] != SCHEMA_VERSION:
        raise ValueError(f"its schema_version is {manifest['schema_version']}; this release reads {SCHEMA_VERSION}")
    files = {}
    for name, entry in manifest["files"].items():
        content = (folder / name).read_bytes()
        if len(content) != entry["bytes"]:
            raise ValueError(f"{name} has {len(content)} bytes instead of {entry['bytes']}")
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise ValueError(f"{name} was changed (its SHA-256 does not fit)")
        files[name] = content
    return files
