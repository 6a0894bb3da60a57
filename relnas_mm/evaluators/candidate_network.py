"""A candidate as a network: only the operations that it uses."""

from collections import deque

import torch
from torch import Tensor, nn

from relnas_mm.cells import CellTrunk, Slots
from relnas_mm.evaluators.weight_set import NetworkShape
from relnas_mm.genotype import Genotype


class CandidateNetwork(CellTrunk):
    """CIFAR stem, cells, global average pooling and a linear classifier.

    Args:
        genotype: The cells.
        shape: The network around them.
        slots: Numbers the operations in the weight set.
        bit_exact: Compute as the released code does, to the last digit (`Cell`).
        kernels: Who computes the cells on CUDA (`Cell`).
    """

    def __init__(
        self, genotype: Genotype, shape: NetworkShape, slots: Slots, bit_exact: bool = True, kernels: str = "torch"
    ):
        size = shape.init_channels, shape.num_cells
        how = {"bit_exact": bit_exact, "kernels": kernels, "recompute": False}  # its maps are small
        super().__init__(genotype, *size, in_channels=shape.in_channels, slots=slots, **how)
        self.classifier = nn.Linear(self.plans[-1].out_channels, shape.num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits, (n, num_classes), of normalized images, (n, c, h, w)."""
        output = deque(self.forward_cells(*self.forward_stem(images)), maxlen=1).pop()
        return self.classifier(torch.flatten(nn.functional.adaptive_avg_pool2d(output, 1), 1))
