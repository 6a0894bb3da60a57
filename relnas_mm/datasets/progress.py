"""A progress bar for passes over files that may be short or long."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import track

Item = TypeVar("Item")

QUIET_SECONDS = 1.0
"""Time after which a progress bar appears."""


def with_progress(items: Iterable[Item], count: int, title: str, console: Console | None = None) -> Iterator[Item]:
    """Yields items; on a terminal a progress bar with an ETA appears after a second.

    Args:
        items: The items.
        count: Their number.
        title: Text beside the bar.
        console: Where the bar appears; `None` means stderr.
    """
    console = console or Console(stderr=True)
    start, rest, done = time.monotonic(), iter(items), 0
    while time.monotonic() - start <= QUIET_SECONDS:
        try:
            item = next(rest)
        except StopIteration:
            return
        yield item
        done += 1
    yield from track(
        rest, title, total=count, completed=done, console=console, transient=True, disable=not console.is_terminal
    )
