"""The architecture that becomes a backbone: its settings in a config, and what it outputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from relnas_mm.architectures import Chain, Genotype, list_chains, list_genotypes, load_architecture
from relnas_mm.architectures.genotype import BACKBONE_SIZE, backbone_size
from relnas_mm.errors import UserError
from relnas_mm.networks.chain_plan import CHAIN_STEM_WIDTH, plan_chain, stage_ends
from relnas_mm.networks.feature_info import FeatureInfo
from relnas_mm.networks.plan import CELL_STEM_WIDTH, plan_cells
from relnas_mm.networks.stems import STEM_STRIDES

Index = int | Literal["stem"]
OUTPUTS: tuple[Index, ...] = ("stem", 0, 1, 2)
"""All values of `out_indices`, in ascending order."""
OUTPUT_STRIDES = (8, 16, 32)
STEM_KIND = "imagenet"
INIT_CHANNELS, NUM_CELLS = BACKBONE_SIZE.values()
"""Defaults of `CellBackbone`."""


@dataclass(frozen=True)
class CellChoice:
    """A genotype or a chain at a certain size.

    Args:
        source: Published name, or path of a file, as it is written into configs.
        architecture: What it holds.
        init_channels: Channels of the nodes of the first cell; a chain has its own.
        num_cells: Depth; a chain has its own.
        weights: Checkpoint with the weights of the backbone, if any.
    """

    source: str
    architecture: Genotype | Chain
    init_channels: int = INIT_CHANNELS
    num_cells: int = NUM_CELLS
    weights: str | None = None

    @property
    def is_chain(self) -> bool:
        """Whether `ChainBackbone` builds it."""
        return self.architecture.kind == Chain.kind

    def features(self, output_stride: int = 32) -> dict[Index, FeatureInfo]:
        """Channels and stride of each output, without building anything.

        Args:
            output_stride: Largest stride.

        Raises:
            UserError: A size is out of range.
        """
        if isinstance(self.architecture, Chain):
            plans = [(plan.outputs, plan.stride) for plan in plan_chain(self.architecture, STEM_KIND, output_stride)]
            ends, stem = stage_ends(self.architecture.depth), CHAIN_STEM_WIDTH * self.architecture.width
        else:
            cells = plan_cells(
                *(self.architecture, self.init_channels, self.num_cells, STEM_KIND, output_stride),
                reductions=self.architecture.reductions,
            )
            plans = [(plan.out_channels, plan.stride) for plan in cells]
            first, second = (plan.index for plan in cells if plan.reduction)
            ends, stem = (first - 1, second - 1, self.num_cells - 1), CELL_STEM_WIDTH[STEM_KIND] * self.init_channels
        stages = {index: FeatureInfo(*plans[end]) for index, end in enumerate(ends)}
        return {"stem": FeatureInfo(stem, STEM_STRIDES[STEM_KIND][0]), **stages}

    def config(
        self, out_indices: Sequence[Index], output_stride: int = 32, norm_cfg: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Settings of the backbone in an mm config.

        Args:
            out_indices: Its outputs.
            output_stride: Largest stride.
            norm_cfg: Normalization layers, if they are not those of a single process.
        """
        own: dict[str, Any] = (
            {"type": "ChainBackbone", "chain": self.source}
            if self.is_chain
            else {
                "type": "CellBackbone",
                "genotype": self.source,
                "init_channels": self.init_channels,
                "num_cells": self.num_cells,
            }
        )
        own["out_indices"] = tuple(out_indices)
        if output_stride != OUTPUT_STRIDES[-1]:
            own["output_stride"] = output_stride
        if norm_cfg:
            own["norm_cfg"] = dict(norm_cfg)
        if self.weights:
            own["init_cfg"] = {"type": "Pretrained", "checkpoint": self.weights}
        return own


def choose_cell(
    source: str, init_channels: int | None = None, num_cells: int | None = None, weights: str | None = None
) -> CellChoice:
    """Loads an architecture for use as a backbone, and checks its sizes.

    Args:
        source: Published name or path of a file.
        init_channels: Channels of the nodes of the first cell; by default those of the genotype, or 46.
        num_cells: Depth; by default that of the genotype, or 14.
        weights: Checkpoint of the backbone; a file, or an address that mmengine can fetch.

    Raises:
        UserError: There is no such genotype or chain, a size is out of range, or the weights do not exist.
    """
    architecture = load_architecture(source)
    if architecture.kind not in (Genotype.kind, Chain.kind):
        raise UserError(
            f"{source!r} is of kind {architecture.kind!r}, which is no backbone; name a genotype or a chain, such as "
            f"{list_genotypes()[0]!r} or {list_chains()[0]!r}"
        )
    chain = architecture.kind == Chain.kind
    for name, value in (("--init-channels", init_channels), ("--num-cells", num_cells)):
        if chain and value is not None:
            raise UserError(f"{name} is {value}, but {source!r} is a chain, which has its own width and depth")
    if weights and "://" not in weights and not Path(weights).expanduser().is_file():
        raise UserError(f"--weights is {weights!r}, which does not exist; name the checkpoint of the backbone")
    sizes = INIT_CHANNELS, NUM_CELLS
    if isinstance(architecture, Genotype):
        sizes = backbone_size(architecture, init_channels, num_cells)
    choice = CellChoice(source, architecture, *sizes, weights)  # type: ignore[arg-type]
    choice.features()
    return choice
