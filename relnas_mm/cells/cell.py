"""One cell: a small directed acyclic graph of operations over the outputs of the two cells before it."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from relnas_mm.cells.drop_path import drop_path
from relnas_mm.cells.layout import CellPlan
from relnas_mm.cells.operations import (
    FactorizedReduce,
    Norm,
    Rectifying,
    RectifyingSequence,
    ReluConvNorm,
    batch_norm,
    build_operation,
)
from relnas_mm.genotype import Edge, Genotype
from relnas_mm.genotype.genotype import EDGES_PER_NODE, FIRST_NODE

Slots = Callable[[Sequence[Edge]], Sequence[int]]
"""Gives the number of the module behind each edge; equal numbers share one module and its weights."""


def own_slots(edges: Sequence[Edge]) -> Sequence[int]:
    """A module for each edge, numbered by position: the layout of networks that are trained for use."""
    return range(len(edges))


class Map:
    """A feature map and its rectified form, which is made once for all that read it.

    Args:
        value: The map, (n, c, h, w).
        shared: Whether the ReLU is shared; otherwise each reader applies its own.
    """

    def __init__(self, value: Tensor, shared: bool = True):
        self.value, self.shared = value, shared
        self._rectified: Tensor | None = None

    def read_by(self, module: nn.Module) -> Tensor:
        """The result of an operation on the map."""
        if not self.shared or not isinstance(module, Rectifying):
            return module(self.value)
        if self._rectified is None:
            self._rectified = nn.functional.relu(self.value)
        return module.after_relu(self._rectified)


class Cell(nn.Module):
    """A normal or a reduction cell of a genotype.

    Args:
        genotype: Which operations read which nodes.
        plan: Channels, strides and place of this cell (`plan_cells`).
        norm: Makes a normalization layer for a number of channels.
        slots: Numbers the operations' modules, which is also their name in the state dict, `_ops.{number}`.
        bit_exact: Compute as the released code does, to the last digit: each reader of a map rectifies it anew, and
            separable convolutions are two steps.  Else outputs are the same, gradients differ by rounding, and
            less memory and time is needed.
    """

    def __init__(
        self,
        genotype: Genotype,
        plan: CellPlan,
        norm: Norm = batch_norm,
        slots: Slots = own_slots,
        bit_exact: bool = False,
    ):
        super().__init__()
        self.bit_exact = bit_exact
        self.edges = genotype.edges(plan.reduction)
        self.output_nodes = genotype.output_nodes(plan.reduction)
        self.slots = tuple(str(slot) for slot in slots(self.edges))
        self.preprocess0, self.preprocess1 = build_preprocessing(plan, norm)
        self._ops = nn.ModuleDict()
        for slot, (operation, node) in zip(self.slots, self.edges):
            if slot not in self._ops:
                self._ops[slot] = build_operation(operation, plan.channels, plan.sampling_of(node), norm)
        for module in self.modules():
            if isinstance(module, RectifyingSequence):
                module.bit_exact = bit_exact

    def forward(self, s0: Tensor | Map, s1: Tensor | Map, drop_path_rate: float = 0.0) -> Tensor:
        """Runs the cell.

        Args:
            s0: Output of the cell before the last, (n, c, h, w); a `Map` where it has other readers too.
            s1: Output of the last cell, (n, c, h, w), likewise.
            drop_path_rate: Probability, below 1, with which an operation is left out of a node, for each image on its
                own; identities stay.  Only used in training mode.

        Returns:
            The concatenated nodes, (n, len(concat) * channels, h', w').
        """
        states: list[Map] = []
        for given, module in ((s0, self.preprocess0), (s1, self.preprocess1)):
            source = given if isinstance(given, Map) else Map(given, not self.bit_exact)
            states.append(Map(source.read_by(module), not self.bit_exact))
        results: list[Tensor] = []
        for slot, (_, node) in zip(self.slots, self.edges):
            module = self._ops[slot]
            result = states[node].read_by(module)
            if self.training and drop_path_rate > 0.0 and not isinstance(module, nn.Identity):
                result = drop_path(result, drop_path_rate)
            results.append(result)
            if len(results) == EDGES_PER_NODE:
                states.append(Map(results[0] + results[1], not self.bit_exact))
                results = []
        return torch.cat([states[node].value for node in self.output_nodes], dim=1)

    def live_nodes(self) -> set[int]:
        """The nodes that the output depends on; 0 and 1 are among them if the cell reads its inputs."""
        live = set(self.output_nodes)
        for position, (operation, node) in reversed(list(enumerate(self.edges))):
            if operation != "none" and _target(position) in live:
                live.add(node)
        return live

    def idle_modules(self) -> list[nn.Module]:
        """Modules that the output does not depend on, such as `preprocess0` where nothing reads node 0."""
        live = self.live_nodes()
        used = {slot for position, slot in enumerate(self.slots) if _target(position) in live}
        idle = [self._ops[slot] for slot in dict.fromkeys(self.slots) if slot not in used]
        return idle + [part for node, part in enumerate((self.preprocess0, self.preprocess1)) if node not in live]


def _target(position: int) -> int:
    """The node that an edge leads to."""
    return FIRST_NODE + position // EDGES_PER_NODE


def build_preprocessing(plan: CellPlan, norm: Norm = batch_norm) -> tuple[nn.Module, nn.Module]:
    """The two modules that bring a cell's inputs to its number of channels and to one resolution."""
    first: nn.Module
    if plan.previous_reduction is not None:
        first = FactorizedReduce(plan.inputs[0], plan.channels, norm, plan.previous_reduction)
    else:
        first = ReluConvNorm(plan.inputs[0], plan.channels, norm)
    return first, ReluConvNorm(plan.inputs[1], plan.channels, norm)


__all__ = ["Cell", "Map", "Slots", "build_preprocessing", "own_slots"]
