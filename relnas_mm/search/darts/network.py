"""The mixed network of DARTS, with its architecture parameters (alphas)."""

import torch
from torch import Tensor, nn

from relnas_mm.architectures import GENOTYPES
from relnas_mm.errors import UserError
from relnas_mm.networks import NetworkShape, cifar_stem, plan_cells
from relnas_mm.search.darts.mixture import CANDIDATES, EDGES, MixedCell
from relnas_mm.seeding import stream_seed

INITIAL_SCALE = 1e-3


class MixedNetwork(nn.Module):
    """Stem, mixed cells, global average pooling and a linear classifier.

    Args:
        shape: Channels, number of cells and classes.
        seed: Seed of the initial weights.
        portion: As in `Mixture`.

    Attributes:
        alphas: Architecture parameters of normal and reduction cells, the logits of the mixing weights; two of shape
            (14, 8).
        temperature: Temperature of the softmax over the alphas.
    """

    def __init__(self, shape: NetworkShape, seed: int, portion: int = 1):
        super().__init__()
        plans = plan_cells(GENOTYPES["darts_v2"], shape.init_channels, shape.num_cells)
        self.temperature = 1.0
        self.reductions = [plan.reduction for plan in plans]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(stream_seed(seed, "weights"))
            self.stem = cifar_stem(plans[0].inputs[0], shape.in_channels)
            self.cells = nn.ModuleList(MixedCell(plan, portion) for plan in plans)
            self.classifier = nn.Linear(plans[-1].out_channels, shape.num_classes)
            self.alphas = nn.ParameterList(INITIAL_SCALE * torch.randn(EDGES, len(CANDIDATES)) for _ in range(2))

    def forward(self, images: Tensor) -> Tensor:
        """Computes logits, shape (n, num_classes).

        Args:
            images: Normalized images, shape (n, c, h, w).
        """
        s0 = s1 = self.stem(images)
        normal, reduce = self.mixing_weights()
        for cell, reduction in zip(self.cells, self.reductions):
            s0, s1 = s1, cell(s0, s1, reduce if reduction else normal)
        return self.classifier(torch.flatten(nn.functional.adaptive_avg_pool2d(s1, 1), 1))

    def mixing_weights(self) -> list[Tensor]:
        """Returns the softmax of the alphas of normal and reduction cells, two of shape (14, 8)."""
        return [torch.softmax(alphas / self.temperature, dim=1) for alphas in self.alphas]

    def named_weights(self) -> dict[str, nn.Parameter]:
        """Returns all parameters but the alphas."""
        return {name: value for name, value in self.named_parameters() if not name.startswith("alphas.")}


def check_temperature(temperature: tuple[float, float]) -> None:
    """Checks a temperature schedule.

    Raises:
        UserError: It is not a pair of positive numbers.
    """
    if len(temperature) != 2 or min(temperature) <= 0:
        raise UserError(f"temperature is {temperature!r}; it must be (first, last), both positive")
