"""Genotypes: a normal and a reduction cell as data."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from torch import nn

from relnas_mm.architectures.base import Architecture, checked_keys
from relnas_mm.architectures.cell_figure import cells_figure
from relnas_mm.architectures.drawing import write_picture
from relnas_mm.backends import Backend
from relnas_mm.errors import UserError
from relnas_mm.networks.classifier import CellNetwork
from relnas_mm.networks.cost import Cost, cell_network_cost
from relnas_mm.networks.operations import BUILDERS
from relnas_mm.networks.plan import EDGES_PER_NODE, FIRST_NODE, Edge
from relnas_mm.networks.shape import NetworkShape

OPERATIONS = tuple(BUILDERS)
"""All operations; the first seven, in this order, are the search space of RelativeNAS."""


@dataclass(frozen=True)
class Genotype(Architecture):
    """A pair of cells in the notation of DARTS (Liu et al., ICLR 2019).

    Nodes 0 and 1 are the outputs of cells k-2 and k-1.  Entries `2 * j` and `2 * j + 1` of a cell are the two edges
    into intermediate node `j + 2`, which sums them.

    Args:
        normal: Edges `(operation, input node)` of the normal cell, two per intermediate node.
        reduce: Edges of the reduction cell, likewise.
        concat: Intermediate nodes concatenated to the output of the normal cell.
        reduce_concat: Those of the reduction cell; `None` means `concat`.

    Raises:
        UserError: An entry is not an `(operation, node)` pair, names an unknown operation, or reads a node that does
            not precede its own; or `concat` does not list intermediate nodes.
    """

    kind: ClassVar[str] = "genotype"
    file_name: ClassVar[str] = "genotype.json"

    normal: tuple[Edge, ...]
    reduce: tuple[Edge, ...]
    concat: tuple[int, ...] = (2, 3, 4, 5)
    reduce_concat: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("normal", "reduce"):
            object.__setattr__(self, name, _checked_cell(name, getattr(self, name)))
        for name, cell in (("concat", self.normal), ("reduce_concat", self.reduce)):
            nodes = self.concat if getattr(self, name) is None else getattr(self, name)
            nodes = _checked_concat(name, nodes, len(cell) // EDGES_PER_NODE)
            if name == "concat" or nodes != self.concat:
                object.__setattr__(self, name, nodes)
            else:
                object.__setattr__(self, name, None)

    def edges(self, reduction: bool) -> tuple[Edge, ...]:
        """Edges of the reduction or of the normal cell."""
        return self.reduce if reduction else self.normal

    def output_nodes(self, reduction: bool) -> tuple[int, ...]:
        """Concatenated nodes of the reduction or of the normal cell."""
        return self.reduce_concat if reduction and self.reduce_concat is not None else self.concat

    def to_dict(self) -> dict[str, Any]:
        """The genotype as JSON-serializable data; `Genotype.from_dict` is the inverse."""
        out: dict[str, Any] = {
            "normal": [list(edge) for edge in self.normal],
            "reduce": [list(edge) for edge in self.reduce],
            "concat": list(self.concat),
        }
        if self.reduce_concat is not None:
            out["reduce_concat"] = list(self.reduce_concat)
        return out

    @classmethod
    def from_dict(cls, data: Any, source: str = "the genotype") -> "Genotype":
        """Builds a genotype from the result of `to_dict`.

        Args:
            data: A mapping with `normal`, `reduce` and, optionally, `concat` and `reduce_concat`.
            source: Origin of the data, for error messages.

        Raises:
            UserError: A key is missing or unknown, or a value is invalid.
        """
        data = checked_keys(
            data, cls.kind, {"normal", "reduce"}, {"normal", "reduce", "concat", "reduce_concat"}, source
        )
        try:
            return cls(**data)
        except UserError as error:
            raise UserError(f"{source}: {error}") from None

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the canonical form, in which the two edges of each node are sorted."""

        def canonical(cell: Sequence[Edge]) -> list:
            return [sorted(cell[i : i + EDGES_PER_NODE]) for i in range(0, len(cell), EDGES_PER_NODE)]

        form = [
            canonical(self.normal),
            canonical(self.reduce),
            list(self.concat),
            list(self.output_nodes(reduction=True)),
        ]
        return hashlib.sha256(json.dumps(form, separators=(",", ":")).encode()).hexdigest()

    def cost(self, shape: NetworkShape) -> Cost:
        """Parameters and multiply-adds of the network that `build` returns, without an auxiliary head."""
        return cell_network_cost(self, shape)

    def build(self, shape: NetworkShape, backend: str | Backend = "auto") -> nn.Module:
        """Builds stem, cells and linear classifier: images (n, c, h, w) to logits (n, num_classes)."""
        return CellNetwork(self, shape, backend=backend)

    def draw(self, path: Path) -> Path:
        """Writes a picture of both cells (`write_picture`)."""
        return write_picture(cells_figure(self), path, self.hash)

    def save_to(self, folder: Path, meta: Mapping[str, Any] | None = None) -> Path:
        """Writes `genotype.json`, `cells.svg` and `cells.png`."""
        for ending in ("svg", "png"):
            self.draw(folder / f"cells.{ending}")
        return super().save_to(folder, meta)


def _checked_cell(name: str, entries: Any) -> tuple[Edge, ...]:
    if isinstance(entries, str) or not isinstance(entries, Iterable):
        raise UserError(f"{name} is {entries!r}; it must be a list of (operation, node) pairs")
    entries = list(entries)
    if not entries or len(entries) % EDGES_PER_NODE:
        raise UserError(f"{name} has {len(entries)} entries; it needs {EDGES_PER_NODE} for each intermediate node")
    return tuple(_checked_edge(f"{name}[{i}]", i // EDGES_PER_NODE, entry) for i, entry in enumerate(entries))


def _checked_edge(where: str, position: int, entry: Any) -> Edge:
    pair = tuple(entry) if isinstance(entry, (list, tuple)) else ()
    if len(pair) != 2 or not isinstance(pair[0], str) or type(pair[1]) is not int:
        raise UserError(f"{where} is {entry!r}; it must be an (operation, node) pair such as ('sep_conv_3x3', 0)")
    operation, node = pair
    if operation not in OPERATIONS:
        raise UserError(f"{where} names the unknown operation {operation!r}; known are {', '.join(OPERATIONS)}")
    target = position + FIRST_NODE
    if not 0 <= node < target:
        cycle = ", which would make a cycle" if node >= target else ""
        raise UserError(f"{where} of node {target} reads node {node}{cycle}; allowed are 0 to {target - 1}")
    return operation, node


def _checked_concat(name: str, nodes: Any, intermediate: int) -> tuple[int, ...]:
    allowed = range(FIRST_NODE, FIRST_NODE + intermediate)
    valid = isinstance(nodes, (list, tuple, range)) and all(type(n) is int and n in allowed for n in nodes)
    if not valid or not nodes or len(set(nodes)) != len(nodes):
        raise UserError(
            f"{name} is {nodes!r}; it must list one or more different nodes from {allowed[0]} to {allowed[-1]}"
        )
    return tuple(nodes)
