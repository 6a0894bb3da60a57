"""Genotypes: a normal and a reduction cell as data."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from torch import nn

from relnas_mm.architectures.base import Architecture, checked_keys
from relnas_mm.architectures.cell_figure import cells_figure
from relnas_mm.architectures.drawing import write_picture
from relnas_mm.backends import Backend
from relnas_mm.errors import UserError
from relnas_mm.networks.blocks import Block, network_blocks
from relnas_mm.networks.classifier import CellNetwork
from relnas_mm.networks.cost import Cost, cell_network_cost
from relnas_mm.networks.operations import BUILDERS
from relnas_mm.networks.plan import (
    EDGES_PER_NODE,
    FIRST_NODE,
    MAX_CELLS,
    MAX_CHANNELS,
    MIN_CELLS,
    Edge,
    check_reductions,
)
from relnas_mm.networks.shape import NetworkShape

OPERATIONS = tuple(BUILDERS)
"""All operations; the first seven, in this order, are the search space of RelativeNAS."""

BACKBONE_SIZE = {"init_channels": 46, "num_cells": 14}
"""Size of a backbone of a genotype that sets none: the network of the paper for ImageNet."""
SIZE_KEYS = ("init_channels", "num_cells", "reductions")
"""Sizes of a network that a genotype may set, named as in `CellBackbone`."""


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
        init_channels: Channels of the nodes of the first cell; `None` leaves them to the network, as `num_cells` and
            `reductions` do.
        num_cells: Depth.
        reductions: Indices of the two reduction cells in a network of `num_cells`.

    Raises:
        UserError: An entry is not an `(operation, node)` pair, names an unknown operation, or reads a node that does
            not precede its own; `concat` does not list intermediate nodes; or a size is out of range.
    """

    kind: ClassVar[str] = "genotype"
    file_name: ClassVar[str] = "genotype.json"

    normal: tuple[Edge, ...]
    reduce: tuple[Edge, ...]
    concat: tuple[int, ...] = (2, 3, 4, 5)
    reduce_concat: tuple[int, ...] | None = None
    init_channels: int | None = None
    num_cells: int | None = None
    reductions: tuple[int, int] | None = None

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
        check_size("init_channels", self.init_channels, 1, MAX_CHANNELS)
        check_size("num_cells", self.num_cells, MIN_CELLS, MAX_CELLS)
        if self.reductions is not None:
            if self.num_cells is None:
                raise UserError(f"reductions is {self.reductions!r}, but num_cells, in which it counts, is not set")
            object.__setattr__(self, "reductions", check_reductions(self.reductions, self.num_cells))

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
        return out | self.size()

    def size(self) -> dict[str, Any]:
        """The sizes that the genotype sets: any of `SIZE_KEYS`, as JSON-serializable data."""
        values = {key: getattr(self, key) for key in SIZE_KEYS}
        return {
            key: list(value) if key == "reductions" else value for key, value in values.items() if value is not None
        }

    def sized(self, shape: NetworkShape) -> NetworkShape:
        """A network's size, with what the genotype sets in place of its own."""
        return replace(shape, **self.size())

    @classmethod
    def from_dict(cls, data: Any, source: str = "the genotype") -> "Genotype":
        """Builds a genotype from the result of `to_dict`.

        Args:
            data: A mapping with `normal`, `reduce` and, optionally, `concat`, `reduce_concat` and `SIZE_KEYS`.
            source: Origin of the data, for error messages.

        Raises:
            UserError: A key is missing or unknown, or a value is invalid.
        """
        optional = {"concat", "reduce_concat", *SIZE_KEYS}
        data = checked_keys(data, cls.kind, {"normal", "reduce"}, {"normal", "reduce", *optional}, source)
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
            *([self.size()] if self.size() else ()),
        ]
        return hashlib.sha256(json.dumps(form, separators=(",", ":")).encode()).hexdigest()

    def cost(self, shape: NetworkShape) -> Cost:
        """Parameters and multiply-adds of the network that `build` returns, without an auxiliary head."""
        return cell_network_cost(self, self.sized(shape))

    def blocks(self, shape: NetworkShape, unused: bool = True) -> Counter[Block]:
        """The blocks of the network that `build` returns, with their numbers (`network_blocks`)."""
        return network_blocks(self, self.sized(shape), unused)

    def build(self, shape: NetworkShape, backend: str | Backend = "auto") -> nn.Module:
        """Builds stem, cells and linear classifier: images (n, c, h, w) to logits (n, num_classes)."""
        return CellNetwork(self, self.sized(shape), backend=backend)

    def draw(self, path: Path) -> Path:
        """Writes a picture of both cells (`write_picture`)."""
        return write_picture(cells_figure(self), path, self.hash)

    def save_to(self, folder: Path, meta: Mapping[str, Any] | None = None) -> Path:
        """Writes `genotype.json`, `cells.svg` and `cells.png`."""
        for ending in ("svg", "png"):
            self.draw(folder / f"cells.{ending}")
        return super().save_to(folder, meta)


def backbone_size(genotype: Genotype, init_channels: int | None, num_cells: int | None) -> tuple[int, int]:
    """Width and depth of a backbone: those that are given, else the genotype's, else `BACKBONE_SIZE`.

    Args:
        genotype: The cells.
        init_channels: Channels of the first cell, if they are given.
        num_cells: Depth, if it is given.

    Raises:
        UserError: One is given, and the genotype sets another.
    """
    given = {"init_channels": init_channels, "num_cells": num_cells}
    for name, value in given.items():
        own = getattr(genotype, name)
        if value is not None and own not in (None, value):
            raise UserError(f"{name} is {value!r}, but the genotype was found with {own}; set {name} to {own} or None")
    own = {**BACKBONE_SIZE, **genotype.size()}
    channels, depth = (own[name] if value is None else value for name, value in given.items())
    return channels, depth


def check_size(name: str, value: Any, least: int, most: int) -> None:
    """Checks a size that a genotype or a space sets.

    Raises:
        UserError: It is neither `None` nor an integer in range.
    """
    if value is not None and (type(value) is not int or not least <= value <= most):
        raise UserError(f"{name} is {value!r}; it must be an integer from {least} to {most}")


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
