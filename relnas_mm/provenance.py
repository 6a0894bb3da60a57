"""Provenance of the results that the documentation quotes."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relnas_mm.operating_system import usable_cores

if TYPE_CHECKING:
    import torch

PACKAGES = (
    *("torch", "torchvision", "timm", "numpy"),
    *("mmengine", "mmcv", "mmcv-lite", "mmdet", "mmsegmentation", "mmpose", "mmpretrain"),
)


def provenance(command: str) -> dict[str, Any]:
    """Returns command, commit, versions and device of a result.

    Args:
        command: Command that reproduces the result.
    """
    return {
        "command": command,
        "commit": commit(),
        "versions": {"python": platform.python_version(), **versions()},
        "device": device_in_words(),
    }


def commit() -> str:
    """Abbreviated commit hash, with '+' for uncommitted changes outside of `docs`; 'unknown' outside a checkout.

    Records of earlier results, which benchmarks write into `docs`, do not change the next one.
    """
    root = Path(__file__).resolve().parents[1]

    def git(*args: str) -> str:
        return subprocess.run(["git", "-C", str(root), *args], capture_output=True, text=True, check=True).stdout

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)docs").strip()
        return git("rev-parse", "--short=12", "HEAD").strip() + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def versions() -> dict[str, str]:
    """Versions of the installed packages that affect results."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def device_in_words(device: "torch.device | None" = None) -> str:
    """Describes a device: name of the GPU, or architecture and number of usable cores of the CPU.

    Args:
        device: The device; `None` for the GPU if there is one.
    """
    import torch

    if device is None:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {platform.machine()}, {usable_cores()} cores"
