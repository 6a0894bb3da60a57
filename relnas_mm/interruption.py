"""Signals that ask a process to end, as one exception that critical sections defer."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

WORDS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "hung up", "SIGBREAK": "interrupted"}
"""Signals that ask for an end, as far as the system has them, and what happened in a word."""
SAME_REQUEST = 1.0
"""Seconds in which further signals are the same request: a terminal and a launcher both pass on one Ctrl-C."""


class Interrupted(KeyboardInterrupt):
    """A signal asked the process to end.

    Args:
        number: The signal.
        advice: How to go on; empty if there is nothing to say.
    """

    def __init__(self, number: int = signal.SIGINT, advice: str = ""):
        super().__init__(number, advice)
        self.number, self.advice = number, advice

    @classmethod
    def of(cls, request: KeyboardInterrupt, advice: str = "") -> "Interrupted":
        """The same request with advice; a plain `KeyboardInterrupt` is that of Ctrl-C."""
        return cls(getattr(request, "number", signal.SIGINT), advice or getattr(request, "advice", ""))

    @property
    def exit_code(self) -> int:
        """That of a shell whose command a signal ended."""
        return 128 + self.number

    def __str__(self) -> str:
        word = WORDS.get(signal.Signals(self.number).name, "interrupted")
        return f"{word}; {self.advice}" if self.advice else word


@dataclass
class _Request:
    """What the process was asked for; signals belong to the process, so there is one of these."""

    watched: int = 0
    deferred: int = 0
    pending: int | None = None
    since: float | None = None
    former: dict[int, Any] = field(default_factory=dict)
    pid: int = 0


_request = _Request()


@contextmanager
def interruptible() -> Iterator[None]:
    """Context manager in which signals that ask for an end raise `Interrupted`, inside `deferred` at its end.

    A second request, `SAME_REQUEST` seconds later, is not deferred.  Signals that the process ignores (`nohup`, jobs in
    the background) stay ignored.  Outside of the main thread, which alone receives signals, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in WORDS if hasattr(signal, name)]
    watched = [number for number in numbers if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    former = {number: signal.signal(number, _arrive) for number in watched}
    if not _request.watched or _request.pid != os.getpid():  # what a fork inherits is its parent's
        vars(_request).update(vars(_Request(former=former, pid=os.getpid())))
    _request.watched += 1
    try:
        yield
    finally:
        _request.watched = max(_request.watched - 1, 0)
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def deferred() -> Iterator[None]:
    """Context manager of a critical section, which is completed before a first request is obeyed."""
    _request.deferred += 1
    try:
        yield
    finally:
        _request.deferred = max(_request.deferred - 1, 0)
    if not _request.deferred and _request.pending is not None:
        number, _request.pending = _request.pending, None
        raise Interrupted(number)


@contextmanager
def advising(advice: str) -> Iterator[None]:
    """Context manager that adds to an interruption how to go on."""
    try:
        yield
    except KeyboardInterrupt as request:
        raise Interrupted.of(request, advice) from None


def _arrive(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    first = _request.since is None
    if not first and now < _request.since + SAME_REQUEST:  # type: ignore[operator]
        return
    _request.since = now
    if first and _request.deferred:
        _request.pending = number
    else:
        raise Interrupted(number)


# Pools end their forked workers by SIGTERM, which these must not survive by a handler of their parent.  Python drops
# signals that reach a process while it is being forked, so they are held back until the child has the usual handlers.
_held = threading.local()


def _hold() -> None:
    _held.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _request.former) if _request.watched else None


def _release() -> None:
    if getattr(_held, "mask", None) is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, _held.mask)


def _forget() -> None:
    if _request.watched:
        for number, handler in _request.former.items():
            signal.signal(number, handler)
    _release()


if hasattr(os, "register_at_fork"):  # Windows does not fork
    os.register_at_fork(before=_hold, after_in_parent=_release, after_in_child=_forget)


def leave_requests_to_parent() -> None:
    """Lets a worker process ignore signals that reach all processes of a terminal; SIGTERM ends it."""
    for name in ("SIGINT", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
