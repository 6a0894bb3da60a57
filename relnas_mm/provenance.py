"""Where a figure comes from: written beside every result that the documentation quotes."""

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

PACKAGES = ("torch", "torchvision", "numpy", "mmengine", "mmcv", "mmcv-lite", "mmdet", "mmsegmentation", "mmpose")


def provenance(command: str) -> dict[str, Any]:
    """Command, commit, versions and device of a result.

    Args:
        command: What a reader types to get the result again.
    """
    return {
        "command": command,
        "commit": commit(),
        "versions": {"python": platform.python_version(), **versions()},
        "device": device_in_words(),
    }


def commit() -> str:
    """Hash of the checkout's commit, with '+' for uncommitted changes; 'unknown' outside a checkout."""
    root = Path(__file__).resolve().parents[1]

    def git(*words: str) -> str:
        return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True).stdout

    try:
        changed = git("status", "--porcelain", "--untracked-files=no").strip()
        return git("rev-parse", "--short=12", "HEAD").strip() + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def versions() -> dict[str, str]:
    """Versions of the installed packages that matter for a figure."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def device_in_words(device: "torch.device | None" = None) -> str:
    """The GPU's name, or the CPU's architecture and number of usable cores.

    Args:
        device: What was used; `None` for the GPU, where there is one.
    """
    import torch

    if device is None:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {platform.machine()}, {len(os.sched_getaffinity(0))} cores"
