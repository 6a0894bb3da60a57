"""Settings as the text of a config."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WIDTH = 120
INDENT = "    "


@dataclass(frozen=True)
class Code:
    """An expression that is written as it is.

    Args:
        text: The expression.
    """

    text: str


@dataclass(frozen=True)
class Call:
    """A mapping that begins with another one: `dict(first, key=value)`.

    Args:
        first: Expression of the other one.
        items: What is added.
    """

    first: str
    items: Mapping[str, Any]


@dataclass(frozen=True)
class Commented:
    """A value with a comment above it.

    Args:
        value: The value.
        comment: The comment, a sentence.
    """

    value: Any
    comment: str


def assigned(name: str, value: Any) -> str:
    """An assignment, with its comment and a line break at the end."""
    comment = ""
    if isinstance(value, Commented):
        comment, value = comment_lines(value.comment, 0), value.value
    return f"{comment}{name} = {written(value, 0, len(name) + 3)}\n"


def comment_lines(comment: str, level: int) -> str:
    """A comment in lines of the allowed width, each with a line break.

    Args:
        comment: One or more sentences.
        level: Depth of indentation.
    """
    start = f"{INDENT * level}#"
    lines, line = [], start
    for word in comment.split():
        if len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = start
        line += f" {word}"
    return "".join(f"{text}\n" for text in [*lines, line])


def written(value: Any, level: int, used: int = 0) -> str:
    """An expression, on one line if it fits and has no comments.

    Args:
        value: Numbers, text, lists, tuples, mappings, and `Code`, `Call` and `Commented` in them.
        level: Depth of indentation of the line that it begins on.
        used: Characters before it on that line, beyond the indentation.
    """
    short = _short(value)
    if short is not None and len(INDENT) * level + used + len(short) < WIDTH:
        return short
    inner = INDENT * (level + 1)
    entries = []
    for prefix, entry in _entries(value):
        comment = ""
        if isinstance(entry, Commented):
            comment, entry = comment_lines(entry.comment, level + 1), entry.value
        entries.append(f"{comment}{inner}{prefix}{written(entry, level + 1, len(prefix) + 1)},\n")
    opening, closing = _brackets(value)
    return f"{opening}\n{''.join(entries)}{INDENT * level}{closing}" if entries else str(short)


def _short(value: Any) -> str | None:
    """On one line; `None` if it holds a comment."""
    if isinstance(value, Commented):
        return None
    if isinstance(value, Code):
        return value.text
    if isinstance(value, (Call, Mapping, list, tuple)):
        parts = [(prefix, _short(entry)) for prefix, entry in _entries(value)]
        if any(part is None for _, part in parts):
            return None
        opening, closing = _brackets(value)
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return f"{opening}{', '.join(f'{prefix}{part}' for prefix, part in parts)}{comma}{closing}"
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    """As ruff formats text, in double quotes."""
    single = repr(text)
    return f'"{single[1:-1]}"' if single[0] == "'" and '"' not in single else single


def _entries(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Call):
        return [("", Code(value.first)), *_entries(value.items)]
    if isinstance(value, Mapping):
        if _has_names(value):
            return [(f"{key}=", entry) for key, entry in value.items()]
        return [(f"{_short(key)}: ", entry) for key, entry in value.items()]
    return [("", entry) for entry in value] if isinstance(value, (list, tuple)) else []


def _has_names(value: Mapping[Any, Any]) -> bool:
    return all(isinstance(key, str) and key.isidentifier() for key in value)


def _brackets(value: Any) -> tuple[str, str]:
    if isinstance(value, Call) or (isinstance(value, Mapping) and _has_names(value)):
        return "dict(", ")"
    return {dict: ("{", "}"), list: ("[", "]"), tuple: ("(", ")")}.get(type(value), ("{", "}"))
