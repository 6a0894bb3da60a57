"""Files that are there complete or not at all, and JSON documents with one sentence for each fault."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from relnas_mm.errors import UserError


def write_atomically(path: Path, text: str) -> None:
    """Writes a text file by way of a scratch file beside it; what was there stays until the new one is on disk.

    Args:
        path: The file; its folder exists.
        text: Its content, written as UTF-8.

    Raises:
        OSError: It cannot be written; no scratch file stays.
    """
    handle, scratch = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(scratch, 0o644)  # mkstemp makes it private
        os.replace(scratch, path)
    except BaseException:
        os.unlink(scratch)
        raise


def read_json(path: Path, what: str) -> Any:
    """The content of a JSON file.

    Args:
        path: The file.
        what: What it is and its name, for the error message, such as "the genotype file 'a.json'".

    Raises:
        UserError: It cannot be read, or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{what} cannot be read: {error}") from None
    except json.JSONDecodeError as error:
        raise UserError(f"{what} is not valid JSON: {error}") from None


def write_json(path: Path, document: Any, what: str) -> None:
    """Writes a JSON file, complete or not at all; its folder is created if missing.

    Args:
        path: The file.
        document: Its content.
        what: As in `read_json`.

    Raises:
        UserError: It cannot be written.
    """
    text = json.dumps(document, indent=2) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
    except OSError as error:
        raise UserError(f"{what} cannot be written: {error.strerror or error}") from None
