"""Imports `relnas_mm`, and with it the compatibility layer, when a process first imports an mm package or torch.

An interpreter runs this file at its start (`environment.py` says how), so it must cost next to nothing, import nothing
of this package before that, and never break a program.
"""

import sys

TRIGGERS = frozenset(
    {
        "mmengine",
        "mmcv",
        "mmdet",
        "mmseg",
        "mmpose",
        "mmpretrain",
        "xtcocotools",
        "pkg_resources",
        "torch.serialization",
    }
)


class _FirstImport:
    """Finder that imports `relnas_mm` before the first trigger, and then steps aside."""

    def find_spec(self, fullname, path=None, target=None):
        """Finds a trigger as if this finder had not been there."""
        if fullname not in TRIGGERS:
            return None
        sys.meta_path.remove(self)  # type: ignore[arg-type]
        import importlib.util
        import os
        import warnings

        if os.environ.get("RELNAS_MM_COMPAT") == "0":
            return None
        try:
            import relnas_mm  # noqa: F401
        except Exception as error:
            warnings.warn(
                f"relnas_mm cannot be imported at the start of this program ({error}); `relnas-mm compat remove` stops "
                f"this, or delete relnas_mm_compat.pth from {os.path.dirname(__file__)}",
                stacklevel=2,
            )
            return None
        return importlib.util.find_spec(fullname)  # by the hooks that stand in front now


if "relnas_mm" not in sys.modules and not any(type(finder).__name__ == "_FirstImport" for finder in sys.meta_path):
    sys.meta_path.insert(0, _FirstImport())  # type: ignore[arg-type]
