"""Fixes of reading checkpoints."""

import functools
import sys
from types import ModuleType
from typing import Any

from relnas_mm.compat import hooks
from relnas_mm.compat.failures import attribute, guarded
from relnas_mm.compat.packages import import_error

HISTORY_BUFFER = "mmengine.logging.history_buffer"


def own_checkpoints() -> None:
    """`torch.load` refuses mmengine's own checkpoints: allows exactly the types that mmengine writes."""

    def allow(module: ModuleType) -> None:
        from relnas_mm.compat import checkpoints

        checkpoints.allow(attribute(module, "HistoryBuffer"))

    hooks.after_import(HISTORY_BUFFER, guarded("own_checkpoints", allow))


def checkpoints_read_first() -> None:
    """A program that reads a checkpoint before it imports mmengine has no allow-list: imports mmengine, tries again."""

    def patch(module: ModuleType) -> None:
        import pickle  # torch has imported it; here it would double the cost of this package

        load = attribute(module, "load")

        @functools.wraps(load)
        def load_with_mmengine(f: Any, *args: Any, **kwargs: Any) -> Any:
            start = f.tell() if hasattr(f, "tell") else None
            try:
                return load(f, *args, **kwargs)
            except pickle.UnpicklingError:
                if HISTORY_BUFFER in sys.modules or import_error(HISTORY_BUFFER):
                    raise
            if start is not None:
                f.seek(start)
            return load(f, *args, **kwargs)

        vars(module)["load"] = load_with_mmengine

    hooks.after_import("torch.serialization", guarded("checkpoints_read_first", patch))
