"""Compatibility of the frozen OpenMMLab releases with current torch and NumPy.

Call `apply()` before the first mm import.  It changes no file and imports neither torch nor an mm package; each fix
takes effect when the module concerned is imported.  `RELNAS_MM_COMPAT=0` turns it off.
"""

import os

from relnas_mm.compat.backend import ops_backend
from relnas_mm.compat.failures import failed, note
from relnas_mm.compat.fixes import FIXES
from relnas_mm.compat.packages import import_error, require
from relnas_mm.errors import UserError

__all__ = ["FIXES", "SWITCH", "apply", "failed", "import_error", "ops_backend", "require"]

SWITCH = "RELNAS_MM_COMPAT"

_applied: list[str] = []


def apply() -> tuple[str, ...]:
    """Applies every fix once, in about a millisecond.

    Returns:
        The names of the active fixes; none with `RELNAS_MM_COMPAT=0` in the environment.

    Raises:
        UserError: `RELNAS_MM_COMPAT` is neither 0 nor 1.
    """
    switch = os.environ.get(SWITCH, "1")
    if switch not in ("0", "1"):
        raise UserError(f"The environment variable {SWITCH} is {switch!r}; 0 turns the fixes off, 1 turns them on.")
    if switch == "1":
        for fix in FIXES:
            if fix.__name__ not in _applied:
                _applied.append(fix.__name__)
                try:
                    fix()
                except Exception as error:  # a module that is imported already may differ in any way
                    note(fix.__name__, error)
    return tuple(_applied)
