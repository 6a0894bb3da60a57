"""The least that an inheriting config must say to turn one model into another."""

from collections.abc import Mapping
from typing import Any

from relnas_mm.transfer.text import Call, Code, Commented

DELETE = "_delete_"
Path = tuple[str | int, ...]


def overrides(old: Mapping[str, Any], new: Mapping[str, Any], notes: Mapping[Path, str], path: Path) -> dict[str, Any]:
    """Entries that differ, for a config whose base has the old ones.

    Lists are written whole, as mmengine replaces them; their unchanged parts refer to the base.

    Args:
        old: Settings of the base.
        new: Wanted settings.
        notes: Comments by path.
        path: Where the settings are.
    """
    changed = {}
    for key, value in new.items():
        if key not in old or old[key] != value:
            changed[key] = _commented(_changed(old.get(key), value, notes, (*path, key)), notes.get((*path, key)))
    return changed


def _changed(old: Any, new: Any, notes: Mapping[Path, str], path: Path) -> Any:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        if old.get("type") == new.get("type") and set(old) <= set(new):
            return overrides(old, new, notes, path)
        return {DELETE: True, **new}
    if isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)) and len(old) == len(new):
        pairs = enumerate(zip(old, new))
        if all(isinstance(part, Mapping) for part in new):
            return [_part(before, after, notes, (*path, place)) for place, (before, after) in pairs]
    return new


def _part(old: Any, new: Any, notes: Mapping[Path, str], path: Path) -> Any:
    """A part of a list: the base's, with what differs."""
    base = expression(path)
    if old == new:
        return Code(base)
    if not isinstance(old, Mapping) or not set(old) <= set(new) or old.get("type") != new.get("type"):
        return new
    items = {}
    for key, value in new.items():
        if key not in old or old[key] != value:
            nested = isinstance(value, Mapping) and isinstance(old.get(key), Mapping)
            entry = _part(old[key], value, notes, (*path, key)) if nested else value
            items[key] = _commented(entry, notes.get((*path, key)))
    return Call(base, items)


def expression(path: Path) -> str:
    """How an inheriting config refers to a part of its base."""
    return "_base_" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def _commented(value: Any, note: str | None) -> Any:
    return value if note is None else Commented(value, note)
