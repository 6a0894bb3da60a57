"""What a config asks for and MMEngine cannot build, in one sentence."""

import difflib
import inspect
import re
from types import TracebackType
from typing import Any

BUILDER = "build_from_cfg"
"""MMEngine's function that builds a part of a config from its `type` and its other keys."""
CONSTRUCTING = ("__init__", "build", "build_model_from_cfg", "get_instance")
"""Functions between the builder of a part and that of a part in it."""
UNKNOWN = re.compile(r"unexpected keyword argument '(\w+)'")
MISSING = re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: (.+)")


def refusal(error: BaseException) -> str | None:
    """What a part of a config refuses, in one sentence.

    Args:
        error: What a run raised.

    Returns:
        The sentence; `None` if no part was being built, or if what failed was more than its construction.
    """
    part = _innermost_part(error.__traceback__)
    if part is None:
        return None
    kind, registry = part.get("obj_type"), part.get("registry")
    if isinstance(error, KeyError) and "is not in the" in str(error) and isinstance(kind, str):
        near = difflib.get_close_matches(kind, _registered(registry), 3)
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        return (
            f"the config names type {kind!r}, which is no registered {getattr(registry, 'name', 'part')}; {meant}"
            "a class of your own has to be imported by custom_imports"
        )
    made = part.get("obj_cls")
    name = getattr(made, "__name__", str(kind))
    text = str(error)
    if isinstance(error, TypeError) and (unknown := UNKNOWN.search(text)):
        return f"{name} does not take {unknown[1]!r}, which the config sets; it takes {_taken(made)}"
    if isinstance(error, TypeError) and (missing := MISSING.search(text)):
        return f"{name} needs {missing[1]}, which the config does not set"
    if isinstance(error, (ValueError, AssertionError)) and text:
        return f"{name} cannot be built from the config: {text}"
    return None


def _innermost_part(trace: TracebackType | None) -> dict[str, Any] | None:
    """Variables of the innermost call of the builder, if only constructors were called since."""
    found: dict[str, Any] | None = None
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_name == BUILDER:
            found = trace.tb_frame.f_locals
        elif code.co_name not in CONSTRUCTING:
            found = None
        trace = trace.tb_next
    return found


def _registered(registry: Any) -> list[str]:
    """Names in a registry, its parents and their other children."""
    while getattr(registry, "parent", None) is not None:
        registry = registry.parent
    families = [registry, *getattr(registry, "children", {}).values()]
    return sorted({name for family in families for name in getattr(family, "module_dict", {})})


def _taken(made: Any) -> str:
    """Names of the arguments of a class, with those that its bases take by `**kwargs`."""
    names: dict[str, None] = {}
    for kind in getattr(made, "__mro__", (made,)):
        try:
            parameters = inspect.signature(kind.__init__ if inspect.isclass(kind) else kind).parameters.values()
        except (TypeError, ValueError):
            break
        named = [each for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
        names |= {each.name: None for each in named}
        if not any(each.kind == each.VAR_KEYWORD for each in parameters):
            break
    return ", ".join(sorted(names.keys() - {"self"})) or "no arguments"
