"""Progress and remaining time of long steps: a bar on a terminal, a line now and then in a log file.

Searches and trainings have MMEngine's log lines instead: its handlers write past a bar and would break it.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from relnas_mm.processes import is_main_process

Item = TypeVar("Item")
Advance = Callable[[float], None]
"""Counts an amount of work as done."""

QUIET_SECONDS = 1.0
"""Time after which a bar appears."""
LINE_SECONDS = 5.0
"""Time between two lines in a log file."""
_SAMPLE_SECONDS = 0.1
_SPEED_SECONDS = 600.0  # what the remaining time is extrapolated from; some items take minutes


@contextmanager
def progress_bar(
    title: str, total: float | None, in_bytes: bool = False, enabled: bool = True, console: Console | None = None
) -> Iterator[Advance]:
    """Context manager that shows the progress of the first process of a launcher; short steps show nothing.

    What is printed meanwhile appears above the bar.  No thread draws it, so that processes may be forked.

    Args:
        title: Text in front of the amounts.
        total: Amount of work; `None` if it is unknown.
        in_bytes: Whether amounts are bytes; otherwise they are items.
        enabled: Whether to show anything.
        console: Where it appears; `None` means stderr.

    Yields:
        A function that counts an amount of work.
    """
    screen = console or Console(stderr=True)
    shown, on_terminal = enabled and is_main_process(), screen.is_interactive
    amounts, left = DownloadColumn() if in_bytes else MofNCompleteColumn(), TimeRemainingColumn()
    display = Progress(
        *(TextColumn("{task.description}", markup=False), BarColumn(), amounts, TextColumn("eta"), left),
        console=screen,
        auto_refresh=False,
        transient=True,
        speed_estimate_period=_SPEED_SECONDS,
    )
    task = display.add_task(title, total=total)
    waiting, sampled = 0.0, time.monotonic()
    due = sampled + (QUIET_SECONDS if on_terminal else LINE_SECONDS)

    def advance(amount: float) -> None:
        nonlocal waiting, sampled, due
        waiting += amount
        now = time.monotonic()
        if not shown or now < sampled + _SAMPLE_SECONDS:
            return
        display.advance(task, waiting)
        waiting, sampled = 0.0, now
        if now < due:
            return
        if on_terminal:
            display.start()
            display.refresh()
        else:
            due = now + LINE_SECONDS
            done, eta = (column.render(display.tasks[0]).plain.strip() for column in (amounts, left))
            print(f"{title}: {done}, eta {eta or 'unknown'}", file=screen.file, flush=True)

    try:
        yield advance
    finally:
        if on_terminal:
            display.stop()


def with_progress(items: Iterable[Item], count: int, title: str) -> Iterator[Item]:
    """Yields items, and shows how many are done.

    Args:
        items: The items.
        count: Their number.
        title: As for `progress_bar`.
    """
    with progress_bar(title, count) as advance:
        for item in items:
            yield item
            advance(1)
