"""How far a search is, and when it will end."""

from collections import deque
from datetime import timedelta

WINDOW = 50


class Progress:
    """Counts groups and their time.

    Args:
        groups_total: Groups of the whole search.
        groups_done: Groups told so far.
    """

    def __init__(self, groups_total: int, groups_done: int = 0):
        self.groups_total, self.groups_done = groups_total, groups_done
        self._seconds: deque[float] = deque(maxlen=WINDOW)

    def advance(self, seconds: float) -> None:
        """Counts one more group."""
        self.groups_done += 1
        self._seconds.append(seconds)

    @property
    def eta(self) -> str:
        """Time left, from the last groups, as h:mm:ss."""
        if not self._seconds:
            return "unknown"
        left = (self.groups_total - self.groups_done) * sum(self._seconds) / len(self._seconds)
        return str(timedelta(seconds=round(left)))
