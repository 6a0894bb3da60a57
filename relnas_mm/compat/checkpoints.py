"""Lets torch.load(weights_only=True) read the checkpoints that mmengine itself writes.

The list is closed: mmengine's HistoryBuffer, NumPy numbers and arrays of numbers, booleans or text, and
`getattr` for HistoryBuffer's own four statistics, which is how pickle writes them.  Anything else is refused
by torch, as before.
"""

STATISTICS = ("min", "max", "mean", "current")


def _dtypes(np):
    """The classes of all plain NumPy dtypes; no object dtype."""
    codes = np.typecodes["AllInteger"] + np.typecodes["AllFloat"] + "?SU"
    return {type(np.dtype(code)) for code in codes}


def globals_for(HistoryBuffer):
    """The allow-list, as torch.serialization.add_safe_globals takes it."""
    import numpy as np

    multiarray = (getattr(np, "_core", None) or np.core).multiarray

    def statistic(owner, name):
        if owner is not HistoryBuffer or name not in STATISTICS:
            raise ValueError(f"a checkpoint may not look up {name!r} of {owner!r}")
        return getattr(owner, name)

    allowed = [HistoryBuffer, (statistic, "builtins.getattr"), np.dtype, np.ndarray, *_dtypes(np)]
    for home in ("numpy.core.multiarray", "numpy._core.multiarray"):  # NumPy 1 and 2 write different names
        for name in ("scalar", "_reconstruct"):
            allowed.append((getattr(multiarray, name), f"{home}.{name}"))
    return allowed


_done = []


def allow(HistoryBuffer):
    """Register the allow-list once (it is global to torch)."""
    if not _done:
        import torch

        torch.serialization.add_safe_globals(globals_for(HistoryBuffer))
        _done.append(True)
