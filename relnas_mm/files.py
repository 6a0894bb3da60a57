"""Atomic writing of files, and reading and writing of JSON with clear errors."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from relnas_mm.errors import UserError


def write_atomically(path: Path, text: str) -> None:
    """Writes a text file by renaming a synced temporary file, so that readers see the old or the new content.

    Args:
        path: File in an existing folder.
        text: Content, written as UTF-8.

    Raises:
        OSError: The file cannot be written; the temporary file is removed.
    """
    handle, scratch = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(scratch, 0o644)  # mkstemp creates files with mode 0600
        os.replace(scratch, path)
    except BaseException:
        os.unlink(scratch)
        raise


def read_json(path: Path, what: str) -> Any:
    """Reads a JSON file.

    Args:
        path: The file.
        what: Description for the error message, such as "the genotype file 'a.json'".

    Raises:
        UserError: The file cannot be read, or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{what} cannot be read: {error}") from None
    except json.JSONDecodeError as error:
        raise UserError(f"{what} is not valid JSON: {error}") from None


def write_json(path: Path, document: Any, what: str) -> None:
    """Writes a JSON file atomically; its folder is created if missing.

    Args:
        path: The file.
        document: Its content.
        what: As in `read_json`.

    Raises:
        UserError: The file cannot be written.
    """
    text = json.dumps(document, indent=2) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
    except OSError as error:
        raise UserError(f"{what} cannot be written: {error.strerror or error}") from None
