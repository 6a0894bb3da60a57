"""Genotypes as classification networks."""

from typing import TYPE_CHECKING

from torch import Tensor, nn

from relnas_mm.backends import Backend
from relnas_mm.networks.cell import OpIds, unique_op_ids
from relnas_mm.networks.shape import NetworkShape
from relnas_mm.networks.trunk import CellTrunk

if TYPE_CHECKING:
    from relnas_mm.architectures import Genotype


class CellNetwork(CellTrunk):
    """Stem, cells, global average pooling and a linear classifier.

    Args:
        genotype: The cells.
        shape: Size of the network.
        op_ids: Module ids of a cell's edges (`Cell`).
        backend: Name or instance of a backend (`relnas_mm.backends`).
    """

    def __init__(
        self,
        genotype: "Genotype",
        shape: NetworkShape,
        op_ids: OpIds = unique_op_ids,
        backend: str | Backend = "reference",
    ):
        super().__init__(
            genotype,
            shape.init_channels,
            shape.num_cells,
            shape.stem,
            shape.output_stride,
            in_channels=shape.in_channels,
            op_ids=op_ids,
            backend=backend,
            reductions=shape.reductions,
        )
        self.classifier = build_classifier(self.plans[-1].out_channels, shape.num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits, (n, num_classes), or pooled features without classes, of normalized images, (n, c, h, w)."""
        return self.classifier(self.forward_pooled(images))


def build_classifier(channels: int, num_classes: int) -> nn.Module:
    """Builds a linear classifier, or an identity for 0 classes."""
    return nn.Linear(channels, num_classes) if num_classes else nn.Identity()
