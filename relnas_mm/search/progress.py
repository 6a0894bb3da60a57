"""How far a search is, and when it will end."""

from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any

WINDOW = 50
Report = Callable[[dict[str, Any], int], None]
"""Takes the numbers of a generation or epoch, and which one it is, from 1."""


class Progress:
    """Counts groups, or epochs of DARTS, and their time.

    Args:
        total: Groups of the whole search.
        done: Groups told so far.
    """

    def __init__(self, total: int, done: int = 0):
        self.total, self.done = total, done
        self._work_left: float | None = None
        self._seconds: deque[tuple[float, float]] = deque(maxlen=WINDOW)

    def advance(self, seconds: float, work: float = 1.0) -> None:
        """Counts one more group, which took so long for so much work."""
        self.done += 1
        self._seconds.append((seconds, work))

    def expect(self, total: int, work_left: float | None = None) -> None:
        """Takes what a strategy that decides on its length as it goes expects by now.

        Args:
            total: Groups of the whole search.
            work_left: Work of those to come, in the unit of `advance`; `None` means 1 for each.
        """
        self.total, self._work_left = total, work_left

    @property
    def eta(self) -> str:
        """Time left, from the last groups, as h:mm:ss."""
        if not self._seconds:
            return "unknown"
        left = self.total - self.done if self._work_left is None else self._work_left
        seconds, work = (sum(column) for column in zip(*self._seconds))
        return str(timedelta(seconds=round(left * seconds / work)))
