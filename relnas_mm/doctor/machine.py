"""Cores, memory, disk, permissions and distributions of this machine, by the standard library."""

import re
import shutil
import tempfile
from importlib import metadata
from pathlib import Path

from relnas_mm.operating_system import available_memory

GIB = 2.0**30


def free_memory() -> float | None:
    """Available memory in GiB, the smaller of the machine's and the container's; `None` if unknown."""
    available = available_memory()
    sizes = [] if available is None else [available / GIB]
    limit, used = (_read(Path("/sys/fs/cgroup") / name).strip() for name in ("memory.max", "memory.current"))
    if limit.isdigit() and used.isdigit():
        sizes.append((int(limit) - int(used)) / GIB)
    return min(sizes, default=None)


def free_disk(folder: str) -> float | None:
    """Free disk space of `folder` in GiB; `None` if unknown."""
    try:
        return shutil.disk_usage(folder).free / GIB
    except OSError:
        return None


def writable(folder: str) -> bool:
    """Whether a file can be created in `folder`, by creating and removing one."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def distributions() -> frozenset[str]:
    """Names of all installed distributions, in lower case with dashes."""
    names = (found.metadata["Name"] for found in metadata.distributions())
    return frozenset(name.lower().replace("_", "-") for name in names if name)


def torch_wanted() -> str | None:
    """Requirement of the installed torchvision on torch, such as `==2.11.0`; `None` if unknown."""
    try:
        lines = metadata.requires("torchvision") or []
    except metadata.PackageNotFoundError:
        return None
    found = (re.match(r"torch\s*\(?([=>]=[\d.]+)", line) for line in lines)
    return next((match[1] for match in found if match), None)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
