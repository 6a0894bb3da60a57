"""Where the frozen OpenMMLab releases meet today's torch and NumPy.

`apply()` before the first mm import is all.  It changes no file, imports neither torch nor an mm package, and
every fix waits until the module that it concerns is imported.  `RELNAS_MM_COMPAT=0` turns it off.
"""

import os

from relnas_mm.compat.backend import ops_backend
from relnas_mm.compat.fixes import FIXES
from relnas_mm.compat.packages import import_error, require
from relnas_mm.errors import UserError

__all__ = ["FIXES", "SWITCH", "apply", "import_error", "ops_backend", "require"]

SWITCH = "RELNAS_MM_COMPAT"

_applied: list[str] = []


def apply() -> tuple[str, ...]:
    """Applies every fix once (a millisecond or so; repeating it costs nothing).

    Returns:
        The names of the fixes in force; none with `RELNAS_MM_COMPAT=0` in the environment.

    Raises:
        UserError: `RELNAS_MM_COMPAT` is neither 0 nor 1.
    """
    switch = os.environ.get(SWITCH, "1")
    if switch not in ("0", "1"):
        raise UserError(f"The environment variable {SWITCH} is {switch!r}; 0 turns the fixes off, 1 turns them on.")
    if switch == "1":
        for fix in FIXES:
            if fix.__name__ not in _applied:
                fix()
                _applied.append(fix.__name__)
    return tuple(_applied)
