"""`--cfg-options KEY=VALUE`: the grammar of mmengine's DictAction, but text stays as it was typed.

Values are numbers, `true`, `false`, `None`, text, lists `a,b` or `[a,b]`, and tuples `(a,b)`, which nest.  White space
is dropped only around the elements of a list.  Quotes around a value or an element make it text, whatever is inside; a
quote of the same kind inside is doubled.
"""

import argparse
import re
from collections.abc import Mapping, Sequence
from typing import Any

from relnas_mm.errors import UserError, shown

BRACKETS = {"[": "]", "(": ")"}
_QUOTED = re.compile(r"""\s*(?:'((?:[^']|'')*)'|"((?:[^"]|"")*)")\s*(?=[,\])]|\Z)""")
_SHOWN = 120


class CfgOptions(argparse.Action):
    """Collects arguments `KEY=VALUE` in a dictionary.

    Raises:
        UserError: An argument has another form.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Adds the options of one `--cfg-options`; a later value of a key replaces an earlier one."""
        earlier = getattr(namespace, self.dest, None) or {}
        setattr(namespace, self.dest, {**earlier, **dict(map(parse_option, values or ()))})


def parse_option(argument: str) -> tuple[str, Any]:
    """Splits `KEY=VALUE` and parses the value.

    Raises:
        UserError: There is no '=', the key is empty or has empty parts or spaces at its ends, or brackets of a list are
            unbalanced.
    """
    key, equals, text = argument.partition("=")
    if not equals:
        reason = "has no '='"
    elif not all(part and part == part.strip() for part in key.split(".")):
        reason = f"has the key {shown(key, _SHOWN)}"
    else:
        try:
            return key, parse_value(text)
        except RecursionError:
            reason = "has too many nested brackets"
        except UserError as error:
            reason = str(error)
    raise UserError(
        f"--cfg-options {shown(argument, _SHOWN)} {reason}; the form is KEY=VALUE without spaces around '=', with "
        "lists as [a,b] and quotes around text with commas or brackets"
    )


def parse_value(text: str) -> Any:
    """Parses a value.

    Raises:
        UserError: The brackets of a list are unbalanced.
    """
    if quoted := _QUOTED.fullmatch(text):
        return _unquoted(quoted)
    inner = text.strip()
    closing = BRACKETS.get(inner[:1])
    if closing is None and "," not in inner:
        return _scalar(text)
    elements = _elements(inner)
    if closing and inner.endswith(closing) and _is_balanced(inner[1:-1]):
        values = [parse_value(element) for element in _elements(inner[1:-1])]
        return values if closing == "]" else tuple(values)
    return _scalar(text) if elements == [inner] else [parse_value(element) for element in elements]


def format_options(options: Mapping[str, Any]) -> list[str]:
    """Arguments `KEY=VALUE` from which `parse_option` reads the same options.

    Raises:
        UserError: A value is no number, text, `None`, list or tuple.
    """
    return [f"{key}={_format(key, value)}" for key, value in options.items()]


def _format(key: str, value: Any, within: bool = False) -> str:
    if isinstance(value, (list, tuple)):
        left, right = "[]" if isinstance(value, list) else "()"
        return left + ", ".join(_format(key, element, within=True) for element in value) + right
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'" if within or not _stays(value) else value
    if value is None or isinstance(value, (bool, int, float)):
        return str(value)
    raise UserError(f"{key} is {shown(value, _SHOWN)}; --cfg-options takes numbers, text, None, lists and tuples")


def _stays(text: str) -> bool:
    try:
        return parse_value(text) == text
    except (UserError, RecursionError):
        return False


def _scalar(text: str) -> Any:
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            pass
    word = text.strip()
    if word.lower() in ("true", "false"):
        return word.lower() == "true"
    return None if word == "None" else text


def _elements(text: str) -> list[str]:
    """Splits text at the commas outside of brackets and quotes; white space around the elements is dropped."""
    elements, begin, position, opened = [], 0, 0, []
    starts = True  # an element starts here, so a quote would open
    while position < len(text):
        if starts and (quoted := _QUOTED.match(text, position)):
            starts, position = False, quoted.end()
            continue
        char = text[position]
        if char in BRACKETS:
            opened.append(BRACKETS[char])
        elif char in BRACKETS.values() and (not opened or opened.pop() != char):
            raise UserError(f"has an unbalanced {char!r}")
        elif char == "," and not opened:
            elements.append(text[begin:position].strip())
            begin = position + 1
        starts = char == "," or char in BRACKETS or (starts and char.isspace())
        position += 1
    if opened:
        raise UserError(f"lacks a {opened[-1]!r}")
    last = text[begin:].strip()
    return [*elements, last] if last else elements


def _is_balanced(text: str) -> bool:
    try:
        _elements(text)
    except UserError:
        return False
    return True


def _unquoted(quoted: re.Match[str]) -> str:
    single, double = quoted.groups()
    return double.replace('""', '"') if single is None else single.replace("''", "'")
