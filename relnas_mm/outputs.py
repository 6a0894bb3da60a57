"""Output paths of tools, checked before the work whose results they take."""

import glob
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from relnas_mm.errors import UserError


def output_file(path: str | os.PathLike[str], option: str) -> Path:
    """Checks that a file can be written, and creates its folder if missing.

    Args:
        path: The file; text as it was typed, as a `Path` forgets a '/' at the end.
        option: Where it was given, for the error message.

    Raises:
        UserError: The path names a folder or a device, or the folder cannot be created or written.
    """
    text = os.fspath(path)
    file = Path(text)
    try:
        if os.path.basename(text) in ("", ".", "..") or file.is_dir():  # noqa: PTH119  (a Path forgets "/" and ".")
            raise UserError(f"{option} {text!r} is a folder; name a file")
        if file.exists() and not file.is_file():
            raise UserError(f"{option} {text!r} is no regular file; name a file")
        _try(file.parent, file.name)
    except OSError as error:
        raise UserError(
            f"{option} {text!r} cannot be written: {error.strerror or error}; name a file in a writable folder"
        ) from None
    return file


def output_folder(path: str | os.PathLike[str], option: str) -> Path:
    """Creates a folder if it is missing, and checks that it is writable.

    Args:
        path: The folder.
        option: Where it was given, for the error message.

    Raises:
        UserError: The path names a file, or the folder cannot be created or written.
    """
    folder = Path(path)
    try:
        if folder.exists() and not folder.is_dir():
            raise UserError(f"{option} {str(path)!r} is a file; name a folder")
        _try(folder, "writable")
    except OSError as error:
        raise UserError(
            f"{option} {str(path)!r} cannot be written: {error.strerror or error}; name another folder"
        ) from None
    return folder


LOCK = ".lock"
"""File in a reserved folder; the system releases it when the process ends, however it ends."""
PATIENCE = 10.0
"""Seconds to wait for a folder: workers of a killed process notice its end after a while, and share its lock."""


@contextmanager
def reserved(path: str | os.PathLike[str], what: str = "the work_dir") -> Iterator[None]:
    """Context manager in which no other process can reserve the same folder.

    Args:
        path: The folder, which is made if it is missing.
        what: Where it was given, for the error message.

    Raises:
        UserError: Another process has reserved it, it cannot be written, or it was moved while the block failed.
    """
    lock = FileLock(output_folder(path, what) / LOCK, timeout=PATIENCE, is_singleton=True)
    try:
        lock.acquire()
    except Timeout:
        raise UserError(
            f"{what} {os.fspath(path)!r} is in use by another process; wait for it, stop it, or choose another folder"
        ) from None
    place = place_of(path)
    try:
        yield
    except (OSError, UserError) as error:
        if place_of(path) != place:
            raise moved(what, path) from error
        raise
    finally:
        lock.release()


def place_of(folder: str | os.PathLike[str]) -> tuple[int, int] | None:
    """What a path names, whatever is renamed: device and inode; `None` if nothing is there, as for remote storage."""
    try:
        status = Path(folder).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def moved(what: str, folder: str | os.PathLike[str]) -> UserError:
    """The error for a folder that is another one than at the beginning."""
    return UserError(
        f"{what} {os.fspath(folder)!r} was moved, removed or replaced while it was in use; where it is now, go on by "
        "the same command (searches and trainings: with --resume)"
    )


DRAFT, DRAFT_LOCK = ".unfinished-", ".lock"


@contextmanager
def draft_of(folder: Path) -> Iterator[Path]:
    """Context manager with a new folder for what will become `folder`, beside it, which is removed at the end.

    Drafts of processes that died are removed, too: each is locked by a file beside it as long as its process lives.

    Args:
        folder: The folder, which need not exist; those above it are created.

    Raises:
        OSError: The draft cannot be created.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in folder.parent.glob(f".{glob.escape(folder.name)}{DRAFT}*"):
        if left.is_dir():
            with suppress(Timeout), FileLock(f"{left}{DRAFT_LOCK}", timeout=0):
                shutil.rmtree(left)
                Path(f"{left}{DRAFT_LOCK}").unlink(missing_ok=True)
    draft = folder.parent / f".{folder.name}{DRAFT}{secrets.token_hex(4)}"
    with FileLock(f"{draft}{DRAFT_LOCK}"):
        draft.mkdir()
        try:
            yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            Path(f"{draft}{DRAFT_LOCK}").unlink(missing_ok=True)


def _try(folder: Path, name: str) -> None:
    """Creates the folder, and a hidden file in it as `write_atomically` does, which is removed."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
    os.close(handle)
    Path(scratch).unlink()
