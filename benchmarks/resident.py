"""Resident memory of this process: now, and at most so far."""

from pathlib import Path

STATUS = Path("/proc/self/status")


def resident_bytes() -> int:
    """What is resident now."""
    return _field("VmRSS")


def peak_resident_bytes() -> int:
    """The most that was resident since the program started; unlike `ru_maxrss` nothing of the parent's is in it."""
    return _field("VmHWM")


def _field(name: str) -> int:
    (line,) = [line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:")]
    return int(line.split()[1]) * 1024
