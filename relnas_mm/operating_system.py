"""What Linux, macOS and Windows do differently, by the standard library."""

import multiprocessing
import os
import signal
import subprocess
import sys
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any


def usable_cores() -> int:
    """Number of cores that this process may use; of all cores where the system has no affinity."""
    if hasattr(os, "sched_getaffinity"):  # macOS and Windows lack it
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def total_memory() -> int | None:
    """Memory of the machine in bytes; `None` if unknown."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf, others not these names
        return _windows_memory("ullTotalPhys")


def available_memory() -> int | None:
    """Memory of the machine in bytes that processes can have without swapping; `None` if unknown."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return _windows_memory("ullAvailPhys")
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")), None)


def _windows_memory(field: str) -> int | None:
    try:
        from ctypes import Structure, byref, c_ulong, c_ulonglong, sizeof, windll  # type: ignore[attr-defined]
    except ImportError:
        return None
    names = ("ullTotalPhys", "ullAvailPhys", "pages", "free_pages", "virtual", "free_virtual", "extended")

    class Status(Structure):
        _fields_ = [("dwLength", c_ulong), ("dwMemoryLoad", c_ulong), *((name, c_ulonglong) for name in names)]

    status = Status(dwLength=sizeof(Status))
    return getattr(status, field) if windll.kernel32.GlobalMemoryStatusEx(byref(status)) else None


def sync_file(path: Path) -> None:
    """Forces the content of a file to disk."""
    with path.open("rb+") as file:  # Windows syncs files that may be written only
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Forces the entries of a folder to disk, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def worker_context() -> BaseContext:
    """How worker processes start: by fork where it is safe, as they then share what is in memory; else anew."""
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


if os.name == "posix":
    GROUP: dict[str, Any] = {"start_new_session": True}
    STOPS = ((signal.SIGINT, 20.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
else:
    GROUP = {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    STOPS = ((getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM), 20.0), (signal.SIGTERM, 5.0))
"""`GROUP`: arguments of `subprocess.Popen` for a process whose children can be stopped with it.
`STOPS`: signals for `signal_group` that stop them, in turn, and the seconds to wait after each."""


def signal_group(process: "subprocess.Popen[Any]", number: int) -> None:
    """Sends a signal to a process that was started with `GROUP`, and to its children."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        elif number == signal.SIGTERM:  # Windows ends a process without its children
            subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True)
        else:
            process.send_signal(number)
    except ProcessLookupError:
        pass


def group_runs(process: "subprocess.Popen[Any]") -> bool:
    """Whether a process or one of its children still runs; on Windows, whether the process does."""
    running = process.poll() is None  # a process that ended is a member until its exit code is read
    if not hasattr(os, "killpg"):
        return running
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True
