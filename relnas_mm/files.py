"""Atomic writing of files, and reading and writing of JSON with clear errors."""

import json
import math
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


def read_text(path: Path, what: str) -> str:
    """Reads a text file in UTF-8, with or without a byte order mark.

    Args:
        path: The file.
        what: Description for the error message, such as "the genotype file 'a.json'".

    Raises:
        UserError: The file cannot be read, or is in another encoding.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{what} cannot be read: {error}") from None


def parse_json(text: str, what: str) -> Any:
    """Parses the content of a JSON file.

    Args:
        text: The content.
        what: As in `read_text`.

    Raises:
        UserError: It is not JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also a number of thousands of digits
        raise UserError(f"{what} is not valid JSON: {error}") from None


def json_text(document: Any, indent: int = 2) -> str:
    """Formats a document as valid JSON.

    NaN and infinite numbers, which JSON lacks, become `null`: one figure without a value does not cost the others.

    Args:
        document: JSON-serializable data.
        indent: Spaces of a level.
    """
    return json.dumps(_finite(document), indent=indent, allow_nan=False) + "\n"


def _finite(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: _finite(value) for key, value in document.items()}
    if isinstance(document, (list, tuple)):
        return [_finite(value) for value in document]
    return None if isinstance(document, float) and not math.isfinite(document) else document


def write_json(path: Path, document: Any, what: str) -> None:
    """Writes a JSON file atomically (`json_text`); its folder is created if missing.

    Args:
        path: The file.
        document: Its content.
        what: As in `read_text`.

    Raises:
        UserError: The file cannot be written.
    """
    text = json_text(document)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
    except OSError as error:
        raise UserError(f"{what} cannot be written: {error.strerror or error}") from None
