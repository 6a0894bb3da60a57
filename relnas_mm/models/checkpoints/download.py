"""Downloads of checkpoints over HTTP, with their progress."""

from pathlib import Path
from urllib.request import Request, urlopen

from relnas_mm.files import replacing
from relnas_mm.progress import progress_bar

CHUNK = 1 << 18
"""Bytes that are read at once."""
AGENT = {"User-Agent": "relnas_mm"}


def download(source: str, path: Path) -> None:
    """Downloads a file; `path` is complete or absent.

    Args:
        source: An HTTP address.
        path: The new file; its folder is created.

    Raises:
        OSError: The server does not answer, or ends early.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as scratch, scratch.open("wb") as file, urlopen(Request(source, headers=AGENT)) as response:
        size = response.headers.get("Content-Length")
        with progress_bar(path.name, int(size) if size else None, in_bytes=True) as advance:
            while chunk := response.read(CHUNK):
                file.write(chunk)
                advance(len(chunk))
        if size and file.tell() < int(size):
            raise OSError(f"the server ended after {file.tell()} of {size} bytes")
