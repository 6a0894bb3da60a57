"""One cell: a small directed acyclic graph of operations over the outputs of the two cells before it."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from relnas_mm.cells.drop_path import drop_mask, drop_path, path_weights
from relnas_mm.cells.layout import CellPlan
from relnas_mm.cells.operations import (
    FactorizedReduce,
    Norm,
    Pool,
    Rectifying,
    RectifyingSequence,
    ReluConvNorm,
    batch_norm,
    build_operation,
)
from relnas_mm.genotype import Edge, Genotype
from relnas_mm.genotype.genotype import EDGES_PER_NODE, FIRST_NODE
from relnas_mm.kernels import check_kernels, computable

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
        if not self.shared or not isinstance(module, Rectifying) or module.rectifies_itself(self.value):
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
            separable convolutions are two steps.  Else results differ by rounding, and less memory and time is needed.
        kernels: On CUDA, 'triton' computes by the kernels of `relnas_mm.kernels` where they can; 'torch' is PyTorch.

        recompute: Unless bit-exact, in training on CPUs compute what lies between the convolutions of a separable one
            again instead of keeping it, where it is large: less memory, a little more time.

    Raises:
        UserError: `kernels` is another one, or asked to be bit-exact.
    """

    def __init__(
        self,
        genotype: Genotype,
        plan: CellPlan,
        norm: Norm = batch_norm,
        slots: Slots = own_slots,
        bit_exact: bool = False,
        kernels: str = "torch",
        recompute: bool = True,
    ):
        super().__init__()
        self.bit_exact, self.kernels = bit_exact, check_kernels(kernels, bit_exact)
        self.edges = genotype.edges(plan.reduction)
        self.output_nodes = genotype.output_nodes(plan.reduction)
        self.slots = tuple(str(slot) for slot in slots(self.edges))
        self.preprocess0, self.preprocess1 = build_preprocessing(plan, norm)
        self._ops = nn.ModuleDict()
        for slot, (operation, node) in zip(self.slots, self.edges):
            if slot not in self._ops:
                self._ops[slot] = build_operation(operation, plan.channels, plan.sampling_of(node), norm)
        for module in self.modules():
            if isinstance(module, (RectifyingSequence, FactorizedReduce, Pool)):
                module.bit_exact, module.kernels = bit_exact, kernels
            if isinstance(module, RectifyingSequence):
                module.recompute = recompute

    def forward(
        self,
        s0: Tensor | Map,
        s1: Tensor | Map,
        drop_path_rate: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Runs the cell.

        Args:
            s0: Output of the cell before the last, (n, c, h, w); a `Map` where it has other readers too.
            s1: Output of the last cell, (n, c, h, w), likewise.
            drop_path_rate: Probability, below 1, with which an operation is left out of a node, for each image on its
                own; identities stay.  Only used in training mode.
            generator: Draws what is left out; `None` means PyTorch's own.

        Returns:
            The concatenated nodes, (n, len(concat) * channels, h', w').
        """
        states: list[Map] = []
        for given, module in ((s0, self.preprocess0), (s1, self.preprocess1)):
            source = given if isinstance(given, Map) else Map(given, not self.bit_exact)
            states.append(Map(source.read_by(module), not self.bit_exact))
        results: list[tuple[Tensor, float]] = []
        for slot, (_, node) in zip(self.slots, self.edges):
            module = self._ops[slot]
            drops = self.training and not isinstance(module, nn.Identity)
            results.append((states[node].read_by(module), drop_path_rate if drops else 0.0))
            if len(results) == EDGES_PER_NODE:
                states.append(Map(self._node(results, generator), not self.bit_exact))
                results = []
        return torch.cat([states[node].value for node in self.output_nodes], dim=1)

    def _node(self, results: list[tuple[Tensor, float]], generator: torch.Generator | None) -> Tensor:
        """The sum of two results, each with the rate of its drop path."""
        if self.kernels == "triton" and all(computable(result) for result, _ in results):
            from relnas_mm.kernels.node import node

            masks = [drop_mask(result, rate, generator) if rate > 0.0 else None for result, rate in results]
            (first, _), (second, _) = results
            return node(first, second, masks, 1.0 - max(rate for _, rate in results))
        (first, rate), (second, other) = results
        if rate > 0.0:
            first = drop_path(first, rate, generator)
        if other > 0.0 and not self.bit_exact:
            return torch.addcmul(first, second, path_weights(second, other, generator))  # one step instead of two
        return first + (drop_path(second, other, generator) if other > 0.0 else second)

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
