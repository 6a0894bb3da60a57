"""Atomic writing of files, and reading and writing of JSON with clear errors.

Files of users are read by `read_bytes`, `read_text` and `read_json`, which limit their size before they are read, and
JSON is parsed by `parse_json`, which limits its nesting and its numbers.
"""

import json
import math
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from relnas_mm.errors import UserError
from relnas_mm.operating_system import sync_file

SMALL, LARGE = 16 << 20, 2 << 30
"""Largest sizes in bytes: of settings, architectures and reports; of annotations and tables."""
MAX_DEPTH = 100
MAX_DIGITS = 300
"""Longest integer in JSON; longer ones exceed a float."""


def write_atomically(path: Path, text: str) -> None:
    """Writes a text file by renaming a synced temporary file, so that readers see the old or the new content.

    Args:
        path: File in an existing folder.
        text: Content, written as UTF-8.

    Raises:
        OSError: The file cannot be written; the temporary file is removed.
    """
    with replacing(path) as scratch:
        scratch.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def replacing(path: Path, suffix: str = "") -> Iterator[Path]:
    """Context manager with an empty scratch file that takes the place of a file if the block succeeds.

    Its content is forced to disk before it is renamed: whenever the process or the machine dies, the old content is
    there or the new one.

    Args:
        path: The file, in an existing folder.
        suffix: End of the scratch file's name.

    Raises:
        OSError: The file cannot be written; the scratch file is removed.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=suffix, dir=path.parent)
    os.close(handle)
    scratch = Path(name)
    try:
        yield scratch
        sync_file(scratch)
        scratch.chmod(0o644)  # mkstemp creates private files
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def expanded(path: "str | os.PathLike[str]", what: str) -> Path:
    """A path with the home folder in place of `~`.

    Args:
        path: The path, which need not exist.
        what: Where it was given, for the error message.

    Raises:
        UserError: It names the home of an unknown user, or cannot be a path.
    """
    found = Path(path)
    try:
        found = found.expanduser()
        found.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError, RuntimeError) as error:  # too long; a NUL character; no such user
        reason = error.strerror if isinstance(error, OSError) else error
        raise UserError(f"{what} is {os.fspath(path)[:80]!r}, which cannot be used: {reason}") from None
    return found


def read_bytes(path: "str | os.PathLike[str]", what: str, limit: int = SMALL) -> bytes:
    """Reads a regular file.

    Args:
        path: The file.
        what: Description for the error message, such as "the genotype file 'a.json'".
        limit: Largest size in bytes.

    Raises:
        UserError: The file cannot be read, is no regular file, or is larger.
    """
    try:
        mode = Path(path).stat().st_mode
        if not stat.S_ISREG(mode):  # opening a FIFO waits for its writer, and a device may never end
            kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
            raise UserError(f"{what} cannot be read: it is {kind}, not a regular file")
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            content = file.read(size + 1) if size <= limit else None  # memory is taken for all that is asked for
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        if isinstance(error, UserError):
            raise
        raise UserError(f"{what} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if content is None or len(content) > limit:
        raise UserError(f"{what} cannot be read: it is larger than {limit >> 20} MiB")
    return content


def read_text(path: "str | os.PathLike[str]", what: str, limit: int = SMALL) -> str:
    """Reads a text file in UTF-8, with or without a byte order mark.

    Args:
        path: The file.
        what: As in `read_bytes`.
        limit: Largest size in bytes.

    Raises:
        UserError: As `read_bytes`, or it is in another encoding.
    """
    return decode(read_bytes(path, what, limit), what)


def decode(content: bytes, what: str) -> str:
    """Decodes UTF-8 with or without a byte order mark.

    Args:
        content: The content of a file.
        what: As in `read_bytes`.

    Raises:
        UserError: It is in another encoding.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{what} cannot be read: {error}") from None


def read_json(path: "str | os.PathLike[str]", what: str, limit: int = SMALL, nan: bool = False) -> Any:
    """Reads a JSON file.

    Args:
        path: The file.
        what: As in `read_bytes`.
        limit: Largest size in bytes.
        nan: As in `parse_json`.

    Raises:
        UserError: As `read_text` and `parse_json`.
    """
    return parse_json(read_text(path, what, limit), what, nan)


def parse_json(text: str, what: str, nan: bool = False) -> Any:
    """Parses the content of a JSON file.

    Args:
        text: The content.
        what: As in `read_bytes`.
        nan: Whether NaN and infinite numbers are allowed, as `json.dumps` writes them.

    Raises:
        UserError: It is not JSON, nested in more than `MAX_DEPTH` levels, or holds a number that exceeds a float.
    """
    constant = float if nan else _refuse_constant
    try:
        document = json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=constant)
        _check_depth(document)
    except RecursionError:
        raise UserError(f"{what} is not JSON: it is nested in more than {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise UserError(f"{what} is not JSON: {error}") from None
    return document


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"it holds an integer of {len(digits)} digits, more than {MAX_DIGITS}")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"the number {digits[:20]} in it is too large")
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"it holds {name}, which is no number in JSON")


def _check_depth(document: Any) -> None:
    level = [document] if isinstance(document, (dict, list)) else []
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise RecursionError


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
        what: As in `read_bytes`.

    Raises:
        UserError: The file cannot be written.
    """
    text = json_text(document)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
    except OSError as error:
        raise UserError(f"{what} cannot be written: {error.strerror or error}") from None
