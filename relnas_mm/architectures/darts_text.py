"""Genotypes as DARTS and its forks print them: `Genotype(normal=[('sep_conv_3x3', 0), …], normal_concat=…, …)`.

The text is parsed as an expression, never run.
"""

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from relnas_mm.errors import UserError, shortened

OUR_FIELDS = ("concat", "init_channels", "num_cells", "reductions")
"""Further fields of `Genotype` here, which prints them."""
FORM = "Genotype(normal=[('sep_conv_3x3', 0), ...], normal_concat=range(2, 6), reduce=[...], reduce_concat=range(2, 6))"
FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")
"""Fields of DARTS' named tuple, in order; `Genotype` here calls the second one `concat`."""
_CALL = re.compile(r"\bGenotype\(")
_BRACKET_OR_TEXT = re.compile(r"""'[^'\n]*'|"[^"\n]*"|[][()]""")
_INTEGER = re.compile(r"(int|u?int(8|16|32|64))")


def is_darts_text(text: str) -> bool:
    """Whether text contains `Genotype(`, alone or after other words, as in a log."""
    return _CALL.search(text) is not None


def read_darts_text(text: str, source: str) -> dict[str, Any]:
    """Reads the genotype that a text contains.

    Args:
        text: `Genotype(…)`, with any text around it; it may be there several times.
        source: Origin of the text, for error messages.

    Returns:
        A mapping for `Genotype.from_dict`.

    Raises:
        UserError: The text is cut off, holds different genotypes, or other expressions than pairs, lists and ranges.
    """
    found: list[dict[str, Any]] = []
    for call in _calls(text, source):
        genotype = _genotype(call, source)
        if genotype not in found:
            found.append(genotype)
    if len(found) != 1:
        raise UserError(f"{source} holds {len(found)} different genotypes; keep the one that is meant, as {FORM}")
    return found[0]


def with_our_names(document: Mapping[str, Any]) -> dict[str, Any]:
    """Renames DARTS' `normal_concat` to `concat`, unless both are there."""
    if "concat" in document:
        return dict(document)
    return {"concat" if key == "normal_concat" else key: value for key, value in document.items()}


def _calls(text: str, source: str) -> Iterator[str]:
    """Yields each `Genotype(…)` up to the bracket that closes it."""
    end = 0
    while start := _CALL.search(text, end):
        depth = 0
        for part in _BRACKET_OR_TEXT.finditer(text, start.end() - 1):
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(part[0], 0)
            if not depth:
                end = part.end()
                break
        else:
            raise UserError(f"{source} ends before the bracket that closes Genotype(; the form is {FORM}")
        yield text[start.start() : end]


def _genotype(call: str, source: str) -> dict[str, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escape sequences in texts
            tree = ast.parse(call, mode="eval").body
        return _fields(tree)
    except UserError as error:
        reason = str(error)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:  # MemoryError: nested too deeply
        reason = error.msg if isinstance(error, SyntaxError) else "it is no expression of Python"
    raise UserError(f"{source} cannot be read: {reason}; the form is {FORM}")


def _fields(tree: ast.expr) -> dict[str, Any]:
    if not isinstance(tree, ast.Call) or len(tree.args) > len(FIELDS):
        raise UserError(f"there are more values than {', '.join(FIELDS)}")
    given = [*zip(FIELDS, tree.args), *((word.arg, word.value) for word in tree.keywords)]
    names = [name for name, _ in given]
    for name in names:
        if name not in (*FIELDS, *OUR_FIELDS) or names.count(name) > 1:
            raise UserError(f"the field {name!r} is unknown or given twice")
    fields = with_our_names({str(name): _value(node) for name, node in given})
    for name in ("normal", "reduce"):
        if isinstance(fields.get(name), list):
            fields[name] = _flat(fields[name])
    return fields


def _value(node: ast.expr) -> Any:
    """The value of a literal, of `range(…)`, or of an integer as NumPy prints it, such as `np.int64(0)`."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_value(element) for element in node.elts]
    if isinstance(node, ast.Call) and not node.keywords:
        values = [_value(argument) for argument in node.args]
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if _INTEGER.fullmatch(name) and len(values) == 1 and type(values[0]) is int:
            return values[0]
        if name in ("list", "tuple", "array") and len(values) == 1 and isinstance(values[0], (list, range)):
            return values[0]
        if name == "range" and all(type(value) is int for value in values) and 1 <= len(values) <= 3:
            return range(*values)
    if isinstance(node, (ast.Constant, ast.UnaryOp)):
        return ast.literal_eval(node)
    raise UserError(f"{shortened(ast.unparse(node))} is no operation, number, list or range")


def _flat(cell: list[Any]) -> list[Any]:
    """The edges of a cell; some forks print a list for each node."""
    nested = all(isinstance(node, list) and node and all(isinstance(edge, list) for edge in node) for node in cell)
    return [edge for node in cell for edge in node] if nested else cell
