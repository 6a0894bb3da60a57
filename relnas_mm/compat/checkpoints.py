"""Lets `torch.load(weights_only=True)` read the checkpoints that mmengine itself writes.

The list is closed: mmengine's HistoryBuffer, NumPy numbers and arrays of numbers, booleans or text, and
`getattr` for HistoryBuffer's own four statistics, which is how pickle writes them.  Anything else is refused by
torch, as before.
"""

from typing import Any

STATISTICS = ("min", "max", "mean", "current")


def allow(history_buffer: type) -> None:
    """Registers the allow-list, which is global to torch.

    Args:
        history_buffer: mmengine's class of that name.
    """
    import torch

    torch.serialization.add_safe_globals(safe_globals(history_buffer))


def safe_globals(history_buffer: type) -> list[Any]:
    """The allow-list, as `torch.serialization.add_safe_globals` takes it."""
    import numpy as np

    core: Any = getattr(np, "_core", None) or np.core  # NumPy 2 and 1

    def statistic(owner: object, name: str) -> Any:
        if owner is not history_buffer or name not in STATISTICS:
            raise ValueError(f"a checkpoint may not look up {name!r} of {owner!r}")
        return getattr(owner, name)

    codes = np.typecodes["AllInteger"] + np.typecodes["AllFloat"] + "?SU"  # no objects
    allowed = [history_buffer, (statistic, "builtins.getattr"), np.dtype, np.ndarray]
    allowed += {type(np.dtype(code)) for code in codes}
    for home in ("numpy.core.multiarray", "numpy._core.multiarray"):  # NumPy 1 and 2 write different names
        for name in ("scalar", "_reconstruct"):
            allowed.append((getattr(core.multiarray, name), f"{home}.{name}"))
    return allowed
