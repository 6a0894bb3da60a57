"""Files that are there complete or not at all."""

import os
import tempfile
from pathlib import Path


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
