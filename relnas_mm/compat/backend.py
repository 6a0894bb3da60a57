"""Origin of mmcv's operators."""

import importlib

from relnas_mm.compat.hooks import ORIGIN


def ops_backend() -> str:
    """`compiled mmcv (…)`, `stand-in on torchvision …` or `none (…)` with the reason; imports `mmcv._ext`."""
    try:
        ext = importlib.import_module("mmcv._ext")
    except Exception as error:  # a module compiled for another torch may raise anything
        return f"none ({' '.join(str(error).split())})"
    if ext.__spec__ is not None and ext.__spec__.origin == ORIGIN:
        return f"stand-in on torchvision {importlib.import_module('torchvision').__version__}"
    return f"compiled mmcv ({ext.get_compiler_version()})"
