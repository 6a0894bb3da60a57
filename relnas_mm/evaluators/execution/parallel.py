"""Concurrent candidates: one thread each on CPUs, interleaved steps on devices that overlap streams."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from threading import Event

import torch


def run_in_parallel(tasks: Sequence[Iterator[None]], device: torch.device) -> None:
    """Exhausts all tasks concurrently.

    Args:
        tasks: Iterators that execute one step per item.
        device: On CPUs each task runs in a thread with an equal share of the cores, at least one.  If one fails, the
            others stop after their current step.
    """
    if device.type != "cpu" or len(tasks) < 2:
        for _ in zip_longest(*tasks):
            pass
        return
    cores, stop = torch.get_num_threads(), Event()

    def exhaust(task: Iterator[None]) -> None:
        torch.set_num_threads(max(1, cores // len(tasks)))  # applies to this thread, and to new ones
        try:
            for _ in task:
                if stop.is_set():
                    return
        except BaseException:
            stop.set()
            raise

    try:
        with ThreadPoolExecutor(len(tasks), "candidate") as pool:
            try:
                for future in [pool.submit(exhaust, task) for task in tasks]:
                    future.result()
            finally:
                stop.set()  # also on KeyboardInterrupt
    finally:
        torch.set_num_threads(cores)
