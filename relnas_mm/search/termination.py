"""SIGTERM as an exception that arrives at a safe place."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_CODE = 128 + signal.SIGTERM


class Terminated(BaseException):
    """The process was asked to end."""


class Termination:
    """Raises `Terminated` on SIGTERM while `watching`; inside `deferred` only at its end."""

    def __init__(self) -> None:
        self._deferred = self._pending = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Listens to SIGTERM; afterwards the former handler is back."""
        former = signal.signal(signal.SIGTERM, self._arrive)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, former)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """What happens inside is not torn apart."""
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
