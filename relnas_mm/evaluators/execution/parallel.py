"""Several candidates at once: on CPUs a thread for each, else a step of each in turn on a device that overlaps them."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from threading import Event

import torch


def run_in_parallel(works: Sequence[Iterator[None]], device: torch.device) -> None:
    """Exhausts all works.

    Args:
        works: Each does one step when it is asked for its next item.
        device: On CPUs each work has a thread and an equal share of the cores, at least one.  If one fails, the others
            stop after the step that they are at.
    """
    if device.type != "cpu" or len(works) < 2:
        for _ in zip_longest(*works):
            pass
        return
    cores, stop = torch.get_num_threads(), Event()

    def exhaust(work: Iterator[None]) -> None:
        torch.set_num_threads(max(1, cores // len(works)))  # holds for this thread, and for threads to come
        try:
            for _ in work:
                if stop.is_set():
                    return
        except BaseException:
            stop.set()
            raise

    try:
        with ThreadPoolExecutor(len(works), "candidate") as pool:
            try:
                for future in [pool.submit(exhaust, work) for work in works]:
                    future.result()
            finally:
                stop.set()  # on an interrupt too
    finally:
        torch.set_num_threads(cores)
