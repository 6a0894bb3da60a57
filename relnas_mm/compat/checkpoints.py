"""Allows `torch.load(weights_only=True)` to read mmengine's own checkpoints.

The allow-list contains mmengine's HistoryBuffer, NumPy scalars and arrays of numbers, booleans or text, and `getattr`
for HistoryBuffer's own four statistics, which is how pickle writes them.  torch refuses everything else, as before.
"""

from typing import Any

from relnas_mm.compat.versions import release

STATISTICS = ("min", "max", "mean", "current")
NUMPY_HOMES = ("numpy.core.multiarray", "numpy._core.multiarray")  # NumPy 1 and 2 write different names


def allow(history_buffer: type) -> None:
    """Registers the allow-list, which is global to torch.

    Args:
        history_buffer: mmengine's class of that name.
    """
    import torch

    # torch before 2.6 takes no other names than the objects' own
    aliases = release(torch.__version__) >= (2, 6)
    torch.serialization.add_safe_globals(safe_globals(history_buffer, aliases))


def safe_globals(history_buffer: type, aliases: bool = True) -> list[Any]:
    """The allow-list, as `torch.serialization.add_safe_globals` takes it.

    Args:
        history_buffer: mmengine's class of that name.
        aliases: Whether to allow NumPy's functions under the names of both NumPy 1 and 2 instead of the installed
            one's.
    """
    import _codecs

    import numpy as np

    def statistic(owner: object, name: str) -> Any:
        if owner is not history_buffer or name not in STATISTICS:
            raise ValueError(f"a checkpoint may not look up {name!r} of {owner!r}")
        return getattr(owner, name)

    statistic.__module__ = "builtins"  # the name that is looked for, by torch before and from 2.6 on
    statistic.__name__ = statistic.__qualname__ = "getattr"
    codes = np.typecodes["AllInteger"] + np.typecodes["AllFloat"] + "?SU"  # no objects
    allowed = [history_buffer, statistic, np.dtype, np.ndarray, *{type(np.dtype(code)) for code in codes}]
    for value in (np.empty(0), np.float64(0)):
        maker: Any = value.__reduce__()[0]  # what pickle calls: _reconstruct, scalar
        allowed += [(maker, f"{home}.{maker.__name__}") for home in NUMPY_HOMES] if aliases else [maker]
    return allowed if aliases else [*allowed, _codecs.encode]  # which torch allows by itself since 2.6
