"""Memory that is freed and needed again in the next step stays with the process, on CPUs.

glibc hands large blocks back to the system, which clears each page anew when it is touched for the first time:
hundreds of thousands of times while a pair of learners trains.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

TRIM_THRESHOLD, MMAP_THRESHOLD, MMAP_MAX = -1, -3, -4
"""Numbers of settings in glibc's `malloc.h`."""
KEPT = {MMAP_MAX: 0, TRIM_THRESHOLD: 2**31 - 1}
USUAL = {MMAP_MAX: 2**16, MMAP_THRESHOLD: 2**25, TRIM_THRESHOLD: 2**26}
"""What glibc comes to by itself once the largest blocks that it adapts to were freed."""


@contextmanager
def kept_memory(wanted: bool = True) -> Iterator[None]:
    """A context in which freed memory stays; at its end it is handed back.

    Args:
        wanted: Else the context has no effect, and it has none either where the C library is not glibc.
    """
    libc = ctypes.CDLL(None)
    if not wanted or not hasattr(libc, "mallopt") or not hasattr(libc, "malloc_trim"):
        yield
        return
    for setting, value in KEPT.items():
        libc.mallopt(setting, value)
    try:
        yield
    finally:
        for setting, value in USUAL.items():
            libc.mallopt(setting, value)
        libc.malloc_trim(0)
