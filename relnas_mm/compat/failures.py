"""Fixes that do not apply to the installed packages: noted for the doctor, instead of breaking an import."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

_FAILED: dict[str, str] = {}


def failed() -> dict[str, str]:
    """The reason why a fix did not take effect, by the name of the fix."""
    return dict(_FAILED)


def note(fix: str, error: Exception) -> None:
    """Notes that a fix did not take effect."""
    _FAILED.setdefault(fix, " ".join(f"{type(error).__name__}: {error}".split()))


def guarded(fix: str, callback: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    """A callback after an import that notes its errors.

    Args:
        fix: Name of the fix.
        callback: Changes the module.
    """

    def run(module: ModuleType) -> None:
        try:
            callback(module)
        except Exception as error:  # insides of other packages may differ in any way
            note(fix, error)

    return run


def attribute(owner: Any, name: str) -> Any:
    """An attribute that a fix is about to replace.

    Raises:
        LookupError: The module or class has none, so that the fix does not apply.
    """
    if not hasattr(owner, name):
        raise LookupError(f"{owner.__name__} has no {name}")
    return getattr(owner, name)
