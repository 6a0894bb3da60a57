"""Work of several learners at once: on CPUs in threads, else a step of each in turn on a device that overlaps them."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from threading import Event

import torch


def carry_out(works: Sequence[Iterator[None]], device: torch.device) -> None:
    """Goes through all of them.

    Args:
        works: Each does a step when it is asked for the next item.
        device: On CPUs each work has a thread and an equal share of the cores, at least one; if one fails, the others
            stop after the step that they are at.
    """
    if device.type != "cpu" or len(works) < 2:
        deque(zip_longest(*works), maxlen=0)
        return
    cores, stop = torch.get_num_threads(), Event()

    def go(work: Iterator[None]) -> None:
        torch.set_num_threads(max(1, cores // len(works)))  # holds for this thread, and for threads to come
        try:
            for _ in work:
                if stop.is_set():
                    return
        except BaseException:
            stop.set()
            raise

    try:
        with ThreadPoolExecutor(len(works), "learner") as pool:
            try:
                for future in [pool.submit(go, work) for work in works]:
                    future.result()
            finally:
                stop.set()  # on an interrupt too
    finally:
        torch.set_num_threads(cores)
