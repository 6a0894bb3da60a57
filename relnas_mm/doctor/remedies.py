"""Known import errors, with the command that solves each."""

import re
from collections.abc import Callable
from typing import NamedTuple

from relnas_mm.compat.packages import install_command


class Remedy(NamedTuple):
    """A pattern of the error message, the reason in words, and a function from package and match to the command."""

    pattern: str
    reason: str
    command: Callable[[str, re.Match[str]], str]


HEADLESS = (
    "pip uninstall -y opencv-python opencv-contrib-python opencv-python-headless && pip install opencv-python-headless"
)
LITE = "pip uninstall -y mmcv mmcv-lite && pip install --no-deps mmcv-lite==2.1.0"
PAIR = "pip install --force-reinstall torch==2.11.0 torchvision==0.26.0"

REMEDIES = (
    Remedy(r"libGL|libgthread|libEGL|libxcb|libSM\.so", "OpenCV needs the libraries of a display", lambda *_: HEADLESS),
    Remedy(
        r"No module named 'pkg_resources'",
        "setuptools dropped pkg_resources, and RELNAS_MM_COMPAT=0 turned its stand-in off",
        lambda *_: "pip install 'setuptools<82'",
    ),
    Remedy(
        r"No module named 'mmcv\._ext'",
        "mmcv-lite has no operators, and RELNAS_MM_COMPAT=0 turned the stand-in off",
        lambda *_: "unset RELNAS_MM_COMPAT",
    ),
    Remedy(
        r"No module named 'xtcocotools'",
        "xtcocotools does not build any more, and RELNAS_MM_COMPAT=0 turned its stand-in off",
        lambda *_: "unset RELNAS_MM_COMPAT",
    ),
    Remedy(
        r"_ext.*(undefined symbol|cannot open shared object|DLL load failed)",
        "its operators were compiled for another torch",
        lambda *_: LITE,
    ),
    Remedy(r"MMCV==\S+ is used but incompatible", "mmdet and mmseg accept mmcv below 2.2.0 only", lambda *_: LITE),
    Remedy(
        r"MMEngine==\S+ is used but incompatible",
        "it accepts other versions of mmengine only",
        lambda *_: "pip install mmengine==0.10.7",
    ),
    Remedy(
        r"operator torchvision::|different CUDA",
        "torch and torchvision were built for different versions",
        lambda *_: PAIR,
    ),
    Remedy(
        r"dtype size changed|_ARRAY_API|compiled using NumPy",
        "a compiled package was built for another NumPy",
        lambda package, _: f"pip install --force-reinstall --no-cache-dir --no-deps {package}",
    ),
    Remedy(
        r"No module named '([\w.]+)'",
        "a module is missing",
        lambda _, match: install_command(match[1]),
    ),
)


def remedy_for(module: str, error: str) -> tuple[str, str]:
    """Reason and command for an import error of a package.

    Args:
        module: Name of the package.
        error: The error message.
    """
    for remedy in REMEDIES:
        match = re.search(remedy.pattern, error)
        if match:
            return remedy.reason, remedy.command(module, match)
    return "it breaks on import", install_command(module).replace("pip install ", "pip install --force-reinstall ", 1)
