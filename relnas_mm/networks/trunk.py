"""Trunks: stem and body, the base of classifiers, search candidates and backbones."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from relnas_mm.backends import Backend, FeatureMap, get_backend
from relnas_mm.networks.cell import Cell, OpIds, unique_op_ids
from relnas_mm.networks.feature_info import FeatureInfo
from relnas_mm.networks.operations import Norm, batch_norm
from relnas_mm.networks.plan import CELL_STEM_WIDTH, FIRST_NODE, plan_cells
from relnas_mm.networks.stems import STEM_STRIDES, cifar_stem, imagenet_stems

if TYPE_CHECKING:
    from relnas_mm.architectures import Genotype

STEM = "stem"
STEM_OUTPUT = -2
"""Index of the stem's first feature map; its second one is -1, and those of the body count from 0."""


class Trunk(nn.Module, ABC):
    """A stem and a body of cells or layers, which subclasses build.

    State-dict keys are those of the reference implementations: `stem.*` or `stem0.*` and `stem1.*`, and the body's.

    Args:
        stem: 'cifar' (one convolution of stride 1) or 'imagenet' (three of stride 2).
        stem_channels: Channels of the stem's feature maps.
        in_channels: Channels of the images.
        norm: Builds a normalization layer for a number of channels.
        with_cp: Recompute each part of the body in the backward pass instead of saving its activations.
        backend: Name or instance of a backend (`relnas_mm.backends`).
        **kwargs: For the next class in the method resolution order.

    Attributes:
        stage_ends: Index of the last part of the body in each of the three stages.
        feature_info: Metadata of the stem's first feature map, 'stem', and of the output of each stage, 0 to 2.
    """

    stage_ends: tuple[int, int, int]
    feature_info: Mapping[int | str, FeatureInfo]

    def __init__(
        self,
        stem: str,
        stem_channels: int,
        in_channels: int,
        norm: Norm,
        with_cp: bool,
        backend: str | Backend,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.stem_kind, self.with_cp, self.backend = stem, with_cp, get_backend(backend)
        if stem == "cifar":
            self.stem = cifar_stem(stem_channels, in_channels, norm)
        else:
            self.stem0, self.stem1 = imagenet_stems(stem_channels, in_channels, norm)

    @property
    @abstractmethod
    def body(self) -> nn.ModuleList:
        """The cells or layers."""

    @abstractmethod
    def forward_body(self, s0: Tensor, s1: Tensor) -> Iterator[Tensor]:
        """Yields the output of each part of the body.

        Args:
            s0: First feature map of the stem, (n, c, h, w).
            s1: Second feature map of the stem, likewise.
        """

    @abstractmethod
    def unused_modules(self, outputs: Iterable[int]) -> list[nn.Module]:
        """Modules that none of the given outputs depends on, and whose parameters therefore get no gradient.

        Args:
            outputs: Indices of the parts of the body whose outputs are used; `STEM_OUTPUT` for the stem's first one.
        """

    @property
    def stems(self) -> Sequence[nn.Sequential]:
        """The stem's modules."""
        return [self.stem] if self.stem_kind == "cifar" else [self.stem0, self.stem1]

    def forward_stem(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The two inputs of the body: one feature map twice, or those at stride 4 and 8."""
        s0 = self.backend.stem(self.stems[0], x)
        return s0, s0 if self.stem_kind == "cifar" else self.backend.stem(self.stem1, s0)

    def forward_pooled(self, x: Tensor) -> Tensor:
        """Global average of the last feature map, (n, channels)."""
        last = deque(self.forward_body(*self.forward_stem(x)), maxlen=1).pop()  # earlier outputs are freed
        return torch.flatten(F.adaptive_avg_pool2d(last, 1), 1)


class CellTrunk(Trunk):
    """Stem and cells of a network, without a head.

    State-dict keys of the body: `cells.{i}.*`.

    Args:
        genotype: The cells.
        init_channels: Channels of the nodes of the first cell.
        num_cells: Depth, at least 3.
        stem: 'cifar' or 'imagenet'.
        output_stride: Largest stride; beyond it cells are dilated instead of strided.
        in_channels: Channels of the images.
        norm: Builds a normalization layer for a number of channels.
        op_ids: Module ids of a cell's edges (`Cell`).
        with_cp: Recompute each cell in the backward pass instead of saving its activations.
        backend: Name or instance of a backend (`relnas_mm.backends`).
        reductions: Indices of the two reduction cells; `None` for one and two thirds of the depth.
        **kwargs: For the next class in the method resolution order.
    """

    def __init__(
        self,
        genotype: "Genotype",
        init_channels: int,
        num_cells: int,
        stem: str = "cifar",
        output_stride: int = 32,
        in_channels: int = 3,
        norm: Norm = batch_norm,
        op_ids: OpIds = unique_op_ids,
        with_cp: bool = False,
        backend: str | Backend = "auto",
        reductions: Sequence[int] | None = None,
        **kwargs: Any,
    ):
        plans = plan_cells(genotype, init_channels, num_cells, stem, output_stride, reductions)
        stem_channels = CELL_STEM_WIDTH[stem] * init_channels
        super().__init__(stem, stem_channels, in_channels, norm, with_cp, backend, **kwargs)
        self.plans = plans
        self.drop_path_rate = 0.0
        self.drop_path_generator: torch.Generator | None = None
        self.cells = nn.ModuleList(Cell(genotype, plan, norm, op_ids, self.backend) for plan in plans)
        first, second = (plan.index for plan in plans if plan.reduction)
        self.stage_ends = first - 1, second - 1, num_cells - 1
        stages = (plans[end] for end in self.stage_ends)
        info = {index: FeatureInfo(plan.out_channels, plan.stride) for index, plan in enumerate(stages)}
        self.feature_info = {STEM: FeatureInfo(stem_channels, STEM_STRIDES[stem][0]), **info}

    @property
    def body(self) -> nn.ModuleList:
        """The cells."""
        return self.cells

    def forward_body(self, s0: Tensor, s1: Tensor) -> Iterator[Tensor]:
        """Yields the output of each cell."""
        previous, last = FeatureMap(s0), FeatureMap(s1)
        if s0 is s1:
            previous = last
        for cell in self.cells:
            if self.with_cp and self.training:
                # Checkpointing restores the state of PyTorch's default generator only, so drop path uses that.
                inputs = previous.value, last.value, self.drop_path_rate
                output = cast(Tensor, checkpoint(cell, *inputs, use_reentrant=False))
            else:
                output = cell(previous, last, self.drop_path_rate, self.drop_path_generator)
            previous, last = last, FeatureMap(output)
            yield output

    def unused_modules(self, outputs: Iterable[int]) -> list[nn.Module]:
        """Modules that none of the given cells' outputs depends on (`Trunk`)."""
        needed = set(outputs)
        unused: list[nn.Module] = []
        for index in reversed(range(len(self.plans))):
            cell = cast(Cell, self.cells[index])
            if index in needed:
                needed |= {index - 2 + node for node in cell.used_nodes() if node < FIRST_NODE}
                unused += cell.unused_modules()
            else:
                unused.append(cell)
        if self.stem_kind != "cifar" and -1 not in needed:
            unused.append(self.stem1)
        return unused
