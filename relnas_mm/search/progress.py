"""Progress and remaining time of a search."""

from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any

WINDOW = 50
Report = Callable[[dict[str, Any], int], None]
"""Receives the scalars of a generation or epoch, and its number, from 1."""


class Progress:
    """Counts groups, or epochs of DARTS, and measures their duration.

    Args:
        total: Number of groups of the search.
        done: Number of groups done.
    """

    def __init__(self, total: int, done: int = 0):
        self.total, self.done = total, done
        self._work_left: float | None = None
        self._seconds: deque[tuple[float, float]] = deque(maxlen=WINDOW)

    def advance(self, seconds: float, work: float = 1.0) -> None:
        """Counts one group with its duration and its work, in units of the strategy."""
        self.done += 1
        self._seconds.append((seconds, work))

    def expect(self, total: int, work_left: float | None = None) -> None:
        """Updates the expected length; some strategies decide on it during the search.

        Args:
            total: Number of groups of the search.
            work_left: Work of the remaining groups, in the unit of `advance`; `None` means 1 each.
        """
        self.total, self._work_left = total, work_left

    @property
    def eta(self) -> str:
        """Remaining time, extrapolated from the last groups, as h:mm:ss."""
        if not self._seconds:
            return "unknown"
        left = self.total - self.done if self._work_left is None else self._work_left
        seconds, work = (sum(column) for column in zip(*self._seconds))
        return str(timedelta(seconds=round(left * seconds / work)))
