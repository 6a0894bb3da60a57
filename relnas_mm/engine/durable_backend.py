"""A file backend of MMEngine whose files are whole or not there."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine.fileio import register_backend
from mmengine.fileio.backends import LocalBackend

from relnas_mm.errors import UserError
from relnas_mm.files import replacing
from relnas_mm.models.checkpoints.files import damage
from relnas_mm.operating_system import sync_file, sync_folder

NAME = "durable"
UNFINISHED = ".unfinished"
"""Suffix of scratch files."""


class DurableBackend(LocalBackend):
    """Writes to a scratch file, forces it to disk, verifies it, and renames it.

    Within `keeping`, files are removed at the end of the block, and only if it succeeds.
    """

    def __init__(self) -> None:
        self._obsolete: list[str] | None = None

    def put(self, obj: bytes | io.BytesIO, filepath: str | Path) -> None:
        """Writes a checkpoint.

        Args:
            obj: Its content.
            filepath: Its path, in a folder that is made if it is not there.

        Raises:
            UserError: It cannot be written, or what was read back is damaged; what was there before is left.
        """
        path = Path(filepath)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with replacing(path, UNFINISHED) as scratch:
                scratch.write_bytes(obj.getvalue() if isinstance(obj, io.BytesIO) else obj)
                sync_file(scratch)
                if reason := damage(str(scratch)):
                    raise UserError(f"the checkpoint {str(path)!r} was not written as it should be: {reason}")
        except OSError as error:
            raise UserError(
                f"the checkpoint {str(path)!r} cannot be written: {error.strerror or error}; free space or mend the "
                "folder, and resume from the one before"
            ) from None
        sync_folder(path.parent)

    def remove(self, filepath: str | Path) -> None:
        """Removes a file, within `keeping` at its end."""
        if self._obsolete is None:
            super().remove(filepath)
        else:
            self._obsolete.append(str(filepath))

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Context manager in which files to be removed stay until the block has succeeded."""
        if self._obsolete is not None:  # the outer block decides
            yield
            return
        self._obsolete = []
        try:
            yield
            for path in self._obsolete:
                Path(path).unlink(missing_ok=True)
        finally:
            self._obsolete = None


def remove_unfinished(folder: Path) -> None:
    """Removes the scratch files that a killed process left in a folder of checkpoints."""
    for path in folder.glob(f".*.pth.*{UNFINISHED}"):
        path.unlink(missing_ok=True)


register_backend(NAME, DurableBackend, force=True)
