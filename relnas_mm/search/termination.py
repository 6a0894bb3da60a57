"""Turns SIGTERM into an exception, deferred in critical sections."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_CODE = 128 + signal.SIGTERM


class Terminated(BaseException):
    """The process received SIGTERM."""


class Termination:
    """Raises `Terminated` on SIGTERM inside `watching`; inside `deferred`, at its end."""

    def __init__(self) -> None:
        self._deferred = self._pending = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Handles SIGTERM inside the block, and restores the former handler afterwards."""
        former = signal.signal(signal.SIGTERM, self._arrive)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, former)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Completes the block before SIGTERM is handled."""
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False
        if self._pending:
            self._pending = False
            raise Terminated

    def _arrive(self, number: int, frame: FrameType | None) -> None:
        if self._deferred:
            self._pending = True
        else:
            raise Terminated
