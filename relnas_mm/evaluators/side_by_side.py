"""Work of several learners at once: on CPUs in threads, else a step of each in turn on a device that overlaps them."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from threading import Event, Lock

import torch

Errand = Callable[[], object]
"""A step that any thread may do at any time."""


def nothing_left() -> None:
    """The errand of a step that was done when it was asked for, since the next one needs it."""


def carry_out(works: Sequence[Iterator[Errand]], device: torch.device) -> None:
    """Does all errands of all works.

    Args:
        works: Each gives one errand after the other.
        device: On CPUs each work has a thread and an equal share of the cores, at least one.  A thread that is through
            helps with the errands of the others, which leaves results as they are.  If one fails, the others stop
            after the step that they are at.
    """
    if device.type != "cpu" or len(works) < 2:
        for errands in zip_longest(*works, fillvalue=nothing_left):
            for errand in errands:
                errand()
        return
    cores, stop = torch.get_num_threads(), Event()
    shared = [(work, Lock()) for work in works]

    def go(first: int) -> None:
        torch.set_num_threads(max(1, cores // len(works)))  # holds for this thread, and for threads to come
        try:
            for work, lock in shared[first:] + shared[:first]:
                _work_off(work, lock, stop)
        except BaseException:
            stop.set()
            raise

    try:
        with ThreadPoolExecutor(len(works), "learner") as pool:
            try:
                for future in [pool.submit(go, first) for first in range(len(works))]:
                    future.result()
            finally:
                stop.set()  # on an interrupt too
    finally:
        torch.set_num_threads(cores)


def _work_off(work: Iterator[Errand], lock: Lock, stop: Event) -> None:
    while not stop.is_set():
        with lock:  # where a step needs the one before it, both are done in here
            errand = next(work, None)
        if errand is None:
            return
        errand()
