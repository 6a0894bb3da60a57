"""Compares the weights of a file with a network, by the names of the reference implementation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from relnas_mm.architectures import Genotype, load_genotype
from relnas_mm.errors import UserError
from relnas_mm.files import parse_json
from relnas_mm.models.checkpoints.layout import (
    COUNTER,
    SETTINGS,
    Architecture,
    Shapes,
    cell_of,
    kind_of_operation,
    operation_of,
)
from relnas_mm.networks import CellTrunk

_MAX_PARTS = 10_000


@dataclass(frozen=True)
class Fit:
    """Names of weights, in the order of the network, or of the file where the network lacks them.

    Args:
        fitting: Names in both, with equal shapes.
        misshapen: Names in both, with different shapes.
        added: Counters in the network only (`num_batches_tracked`), which start at zero.
        missing: Other names in the network only.
        unexpected: Names in the file only.
    """

    fitting: list[str]
    misshapen: list[str]
    added: list[str]
    missing: list[str]
    unexpected: list[str]


def compare(found: Shapes, wanted: Shapes) -> Fit:
    """Compares the shapes in a file with those of a network."""
    shared = [name for name in wanted if name in found]
    absent = [name for name in wanted if name not in found]
    return Fit(
        fitting=[name for name in shared if found[name] == wanted[name]],
        misshapen=[name for name in shared if found[name] != wanted[name]],
        added=[name for name in absent if name.endswith(COUNTER)],
        missing=[name for name in absent if not name.endswith(COUNTER)],
        unexpected=[name for name in found if name not in wanted],
    )


def different_settings(found: Architecture, wanted: Architecture, there: str) -> str:
    """Describes differing settings, such as 'init_channels is 46 in the file but 48 in the network', or returns ''."""
    clauses = []
    for name in SETTINGS:
        a, b = getattr(found, name), getattr(wanted, name)
        if a != b and None not in (a, b):
            clauses.append(f"{name} is {a!r} in the file but {b!r} {there}")
    return ", ".join(clauses)


def different_cells(names: Iterable[str], found: Shapes, wanted: Shapes, there: str) -> str:
    """Describes differing cells, such as 'cells 0-3 and 5 differ: cells.0._ops.1 is …', or returns ''.

    Args:
        names: Missing, unexpected and misshapen names.
        found: Shapes in the file.
        wanted: Shapes in the network.
        there: Phrase for the network, such as 'in the network'.
    """
    entries = [(cell, name) for name in names if (cell := cell_of(name)) is not None]
    if not entries:
        return ""
    cells = sorted({cell for cell, _ in entries})
    inside = [name for _, name in sorted(entries, key=lambda entry: entry[0])]
    return f"{_ranges(cells)} {'differ' if len(cells) > 1 else 'differs'}: {_example(inside, found, wanted, there)}"


def different_weight(name: str, found: Shapes, wanted: Shapes, there: str) -> str:
    """Describes the difference of one weight."""
    if name not in found:
        return f"{name} is missing from the file"
    if name not in wanted:
        return f"{name} of the file does not exist {there}"
    return f"{name} has shape {tuple(found[name])} in the file but {tuple(wanted[name])} {there}"


def genotype_in(meta: Mapping[str, Any], source: str) -> Genotype | None:
    """Loads the genotype in the metadata of a converted checkpoint, if any.

    Raises:
        UserError: The genotype is invalid.
    """
    entry = meta.get("genotype")
    if entry is None:
        return None
    try:
        document = parse_json(entry, "it") if isinstance(entry, str) else entry
        if not isinstance(document, Mapping):
            raise UserError(f"it is a {type(document).__name__}, not a mapping")
        if not _is_small(document):
            raise UserError(f"it has more than {_MAX_PARTS} parts")
        return load_genotype(document)
    except UserError as error:
        raise UserError(f"the checkpoint {source!r} carries an unreadable genotype: {error}") from None


def different_graph(found: Genotype, wanted: Genotype, there: str) -> str:
    """Describes the first differing edge or output, which equal names and shapes may hide, or returns ''."""
    for reduction, cell in ((False, "normal"), (True, "reduction")):
        for index, (a, b) in enumerate(zip_longest(found.edges(reduction), wanted.edges(reduction))):
            if a != b:
                return f"edge {index} of the {cell} cell is {a} in the file but {b} {there}"
        a, b = found.output_nodes(reduction), wanted.output_nodes(reduction)
        if a != b:
            return f"the {cell} cell's output nodes are {a} in the file but {b} {there}"
    return ""


def trunk_genotype(network: Any) -> Genotype | None:
    """The genotype of a cell backbone, or of a network's `backbone`, if any."""
    trunk = network if isinstance(network, CellTrunk) else getattr(network, "backbone", None)
    if not isinstance(trunk, CellTrunk):
        return None
    cells = {plan.reduction: cell for plan, cell in zip(trunk.plans, trunk.cells)}
    normal, reduce = cells[False], cells[True]
    return Genotype(normal.edges, reduce.edges, normal.output_nodes, reduce.output_nodes)  # type: ignore[arg-type]


def _is_small(document: Any) -> bool:
    """Whether the parts of nested mappings and lists, which a pickle may share or close to a cycle, can be shown."""
    stack, count = [document], 0
    while stack and count <= _MAX_PARTS:
        node = stack.pop()
        parts = list(node.values() if isinstance(node, Mapping) else node if isinstance(node, (list, tuple)) else ())
        count += 1 + len(parts)
        stack += parts
    return count <= _MAX_PARTS


def _example(names: Sequence[str], found: Shapes, wanted: Shapes, there: str) -> str:
    for operation in dict.fromkeys(operation_of(name) for name in names):
        if operation:
            kinds = [kind_of_operation(operation, shapes) for shapes in (found, wanted)]
            if kinds[0] != kinds[1]:
                return f"{operation} is {kinds[0]} in the file but {kinds[1]} {there}"
    return different_weight(names[0], found, wanted, there)


def _ranges(numbers: Sequence[int]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    words = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    text = " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
    return f"cell{'s' if len(numbers) > 1 else ''} {text}"
