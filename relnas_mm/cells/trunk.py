"""Stem and cells: what classifiers, search candidates and backbones have in common."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from relnas_mm.cells.cell import Cell, Map, Slots, own_slots
from relnas_mm.cells.layout import STEMS, plan_cells
from relnas_mm.cells.normalization import normalize
from relnas_mm.cells.operations import Norm, batch_norm
from relnas_mm.cells.stems import cifar_stem, imagenet_stems
from relnas_mm.genotype import Genotype
from relnas_mm.genotype.genotype import FIRST_NODE
from relnas_mm.kernels import computable


class CellTrunk(nn.Module):
    """The stem and the cells of a network; subclasses add what they need on top.

    State-dict keys are those of the original release: `stem.*` or `stem0.* stem1.*`, then `cells.{i}.*`.

    Args:
        genotype: The cells.
        init_channels: Channels of the nodes of the first cell.
        num_cells: Depth, at least 3.
        stem: 'cifar' or 'imagenet'.
        output_stride: Largest stride; beyond it cells are dilated instead of strided.
        in_channels: Channels of the image.
        norm: Makes a normalization layer for a number of channels.
        slots: Numbers the operations' modules in a cell (`Cell`).
        with_cp: Recompute each cell in the backward pass instead of keeping its activations.
        bit_exact: Compute as the released code does, to the last digit (`Cell`).
        kernels: Who computes the cells on CUDA (`Cell`).
        recompute: Keep less for the backward pass on CPUs (`Cell`).
        **kwargs: For the next class in the method resolution order.
    """

    def __init__(
        self,
        genotype: Genotype,
        init_channels: int,
        num_cells: int,
        stem: str = "cifar",
        output_stride: int = 32,
        in_channels: int = 3,
        norm: Norm = batch_norm,
        slots: Slots = own_slots,
        with_cp: bool = False,
        bit_exact: bool = False,
        kernels: str = "torch",
        recompute: bool = True,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.plans = plan_cells(genotype, init_channels, num_cells, stem, output_stride)
        self.stem_kind, self.with_cp, self.bit_exact, self.kernels = stem, with_cp, bit_exact, kernels
        self.drop_path_rate = 0.0
        self.drop_path_generator: torch.Generator | None = None
        stem_channels = STEMS[stem].channels * init_channels
        if stem == "cifar":
            self.stem = cifar_stem(stem_channels, in_channels, norm)
        else:
            self.stem0, self.stem1 = imagenet_stems(stem_channels, in_channels, norm)
        how = bit_exact, kernels, recompute
        self.cells = nn.ModuleList(Cell(genotype, plan, norm, slots, *how) for plan in self.plans)

    def forward_stem(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The two inputs of the first cell."""
        if self.stem_kind == "cifar":
            s0 = self._stem(self.stem, x)
            return s0, s0
        s0 = self._stem(self.stem0, x)
        return s0, self._stem(self.stem1, s0)

    def _stem(self, stem: nn.Sequential, x: Tensor) -> Tensor:
        if self.kernels == "triton" and computable(x):
            from relnas_mm.kernels.sequence import sequence

            return sequence(stem, x)
        if self.bit_exact:
            return stem(x)
        for layer in stem:
            x = normalize(x, layer) if isinstance(layer, nn.BatchNorm2d) else layer(x)
        return x

    def forward_cells(self, s0: Tensor, s1: Tensor) -> Iterator[Tensor]:
        """Output of each cell in turn."""
        before, last = Map(s0, not self.bit_exact), Map(s1, not self.bit_exact)
        if s0 is s1:
            before = last
        for cell in self.cells:
            if self.with_cp and self.training:
                # PyTorch repeats the draws of its own generator only.
                inputs = before.value, last.value, self.drop_path_rate
                output = cast(Tensor, checkpoint(cell, *inputs, use_reentrant=False))
            else:
                output = cell(before, last, self.drop_path_rate, self.drop_path_generator)
            before, last = last, Map(output, not self.bit_exact)
            yield output

    def idle_modules(self, outputs: Iterable[int]) -> list[nn.Module]:
        """Modules that none of some cells' outputs depends on: they never get a gradient.

        Args:
            outputs: Indices of the cells whose outputs are used; -1 and -2 are the second and first input of cell 0.
        """
        needed = set(outputs)
        idle: list[nn.Module] = []
        for index in reversed(range(len(self.plans))):
            cell = cast(Cell, self.cells[index])
            if index in needed:
                needed |= {index - 2 + node for node in cell.live_nodes() if node < FIRST_NODE}
                idle += cell.idle_modules()
            else:
                idle.append(cell)
        if self.stem_kind != "cifar" and -1 not in needed:
            idle.append(self.stem1)
        return idle
