"""A cell: a small directed acyclic graph of operations over the outputs of the two preceding cells."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from relnas_mm.backends import REFERENCE, Backend, FeatureMap, as_feature_map
from relnas_mm.networks.operations import (
    FactorizedReduce,
    Norm,
    ReluConvNorm,
    batch_norm,
    build_operation,
)
from relnas_mm.networks.plan import EDGES_PER_NODE, FIRST_NODE, CellPlan, Edge

if TYPE_CHECKING:
    from relnas_mm.architectures import Genotype

OpIds = Callable[[Sequence[Edge]], Sequence[int]]
"""Maps the edges of a cell to module ids; edges with equal ids share one module and its weights."""


def unique_op_ids(edges: Sequence[Edge]) -> Sequence[int]:
    """One module per edge, numbered by position: nothing is shared."""
    return range(len(edges))


class Cell(nn.Module):
    """The normal or the reduction cell of a genotype.

    Args:
        genotype: The cells.
        plan: Channels and sampling of this cell (`plan_cells`).
        norm: Builds a normalization layer for a number of channels.
        op_ids: Module ids of the edges, which name the modules in the state dict, `_ops.{id}`.
        backend: Backend that computes the cell.
    """

    def __init__(
        self,
        genotype: "Genotype",
        plan: CellPlan,
        norm: Norm = batch_norm,
        op_ids: OpIds = unique_op_ids,
        backend: Backend = REFERENCE,
    ):
        super().__init__()
        self.backend = backend
        self.edges = genotype.edges(plan.reduction)
        self.output_nodes = genotype.output_nodes(plan.reduction)
        self.op_ids = tuple(str(op_id) for op_id in op_ids(self.edges))
        self.preprocess0, self.preprocess1 = build_preprocessing(plan, norm)
        self._ops = nn.ModuleDict()
        for op_id, (operation, node) in zip(self.op_ids, self.edges):
            if op_id not in self._ops:
                self._ops[op_id] = build_operation(operation, plan.channels, plan.sampling_of(node), norm)

    def forward(
        self,
        s0: Tensor | FeatureMap,
        s1: Tensor | FeatureMap,
        drop_path_rate: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Computes the cell's output.

        Args:
            s0: Output of cell k-2, (n, c, h, w); a `FeatureMap` if several cells read it.
            s1: Output of cell k-1, (n, c, h, w), likewise.
            drop_path_rate: Probability, below 1, of dropping an operation other than identity, per image; applies in
                training mode only.
            generator: Source of the drop-path masks; `None` is PyTorch's default generator.

        Returns:
            The concatenated nodes, (n, len(concat) * channels, h', w').
        """
        states = [
            FeatureMap(self.preprocess0(as_feature_map(s0), self.backend)),
            FeatureMap(self.preprocess1(as_feature_map(s1), self.backend)),
        ]
        paths: list[tuple[Tensor, float]] = []
        for op_id, (_, node) in zip(self.op_ids, self.edges):
            op = self._ops[op_id]
            drops = self.training and not isinstance(op, nn.Identity)
            paths.append((op(states[node], self.backend), drop_path_rate if drops else 0.0))
            if len(paths) == EDGES_PER_NODE:
                states.append(FeatureMap(self.backend.add_paths(paths, generator)))
                paths = []
        return torch.cat([states[node].value for node in self.output_nodes], dim=1)

    def used_nodes(self) -> set[int]:
        """Nodes that the output depends on, including the input nodes 0 and 1 where they are read."""
        return used_nodes(self.edges, self.output_nodes)

    def unused_modules(self) -> list[nn.Module]:
        """Modules that the output does not depend on, such as `preprocess0` where nothing reads node 0."""
        nodes = self.used_nodes()
        used = {op_id for position, op_id in enumerate(self.op_ids) if _target(position) in nodes}
        unused = [self._ops[op_id] for op_id in dict.fromkeys(self.op_ids) if op_id not in used]
        return unused + [part for node, part in enumerate((self.preprocess0, self.preprocess1)) if node not in nodes]


def used_nodes(edges: Sequence[Edge], outputs: Iterable[int]) -> set[int]:
    """Nodes that the output of a cell depends on, including the input nodes 0 and 1 where they are read.

    Args:
        edges: Edges of the cell, two per intermediate node.
        outputs: The concatenated nodes.
    """
    used = set(outputs)
    for position, (operation, node) in reversed(list(enumerate(edges))):
        if operation != "none" and _target(position) in used:
            used.add(node)
    return used


def _target(position: int) -> int:
    """The node into which an edge leads."""
    return FIRST_NODE + position // EDGES_PER_NODE


def build_preprocessing(plan: CellPlan, norm: Norm = batch_norm) -> tuple[nn.Module, nn.Module]:
    """Builds the modules that bring a cell's two inputs to its number of channels and to a common resolution."""
    return build_preprocessing_of(0, plan, norm), build_preprocessing_of(1, plan, norm)


def build_preprocessing_of(node: int, plan: CellPlan, norm: Norm = batch_norm) -> nn.Module:
    """Builds the one of these modules that gives input node 0 or 1."""
    if node == 0 and plan.previous_reduction is not None:
        return FactorizedReduce(plan.inputs[0], plan.channels, norm, plan.previous_reduction)
    return ReluConvNorm(plan.inputs[node], plan.channels, norm)
