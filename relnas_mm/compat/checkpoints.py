"""Allows `torch.load(weights_only=True)` to read mmengine's own checkpoints.

The allow-list contains mmengine's HistoryBuffer, NumPy scalars and arrays of numbers, booleans or text, which
`array_pickles` builds instead of NumPy's own functions, and `getattr` for HistoryBuffer's own four statistics, which is
how pickle writes them.  torch refuses everything else, as before.
"""

from typing import Any

from relnas_mm.compat.versions import release

STATISTICS = ("min", "max", "mean", "current")


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

    from relnas_mm.array_pickles import HOMES, RECONSTRUCT, SCALAR, Array, Dtype

    def statistic(owner: object, name: str) -> Any:
        if owner is not history_buffer or name not in STATISTICS:
            raise ValueError(f"a checkpoint may not look up {name!r} of {owner!r}")
        return getattr(owner, name)

    stand_ins = [(statistic, "builtins.getattr"), (Array, "numpy.ndarray"), (Dtype, "numpy.dtype")]
    functions = ((RECONSTRUCT, "_reconstruct"), (SCALAR, "scalar"))
    if aliases:
        stand_ins += [(function, f"{home}.{name}") for function, name in functions for home in HOMES]
        return [history_buffer, *stand_ins]
    installed = np.empty(0).__reduce__()[0].__module__  # type: ignore[union-attr]
    stand_ins += [(function, f"{installed}.{name}") for function, name in functions]
    for stand_in, name in stand_ins:  # the names that torch looks for
        stand_in.__module__, _, stand_in.__name__ = name.rpartition(".")
        stand_in.__qualname__ = stand_in.__name__
    return [history_buffer, *(stand_in for stand_in, _ in stand_ins), _codecs.encode]  # allowed by itself since 2.6
