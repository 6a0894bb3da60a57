"""What an architecture costs when it is used: parameters and multiply-adds of the network built from it."""

from dataclasses import dataclass
from functools import cache, lru_cache

import torch
from torch import nn

from relnas_mm.cells import (
    CellPlan,
    Sampling,
    build_operation,
    build_preprocessing,
    cifar_stem,
    imagenet_stems,
    plan_cells,
)
from relnas_mm.genotype import Genotype


@dataclass(frozen=True)
class Cost:
    """Trainable numbers, and multiply-adds of convolutions and linear layers for one image."""

    params: int
    macs: int

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.params + other.params, self.macs + other.macs)


@dataclass(frozen=True)
class CostModel:
    """Costs of cells in a network of one shape, each kind of operation counted once.

    Args:
        init_channels: Channels of the nodes of the first cell.
        num_cells: Depth.
        stem: 'cifar' or 'imagenet'.
        image_size: Side of the images, in pixels.
        num_classes: Classes of the linear classifier; 0 for a network without one.
    """

    init_channels: int = 36
    num_cells: int = 20
    stem: str = "cifar"
    image_size: int = 32
    num_classes: int = 10

    def __call__(self, genotype: Genotype) -> Cost:
        """Parameters and multiply-adds of the network of a genotype, without an auxiliary head."""
        plans = plan_cells(genotype, self.init_channels, self.num_cells, self.stem)
        total = _stem_cost(self.stem, self.init_channels, self.image_size)
        for plan in plans:
            side = -(-self.image_size // plan.stride)
            # Both inputs of a cell are brought to the resolution that it reads.
            total += _preprocessing_cost(plan, -(-self.image_size // (plan.stride // plan.sampling.step)))
            for operation, node in genotype.edges(plan.reduction):
                total += _operation_cost(operation, plan.channels, plan.sampling_of(node), side)
        classifier = (plans[-1].out_channels + 1) * self.num_classes
        return total + Cost(classifier, classifier - self.num_classes)


def _count(module: nn.Module, side: int) -> Cost:
    """Cost of a module all of whose convolutions give maps of one side."""
    weights = sum(part.weight.numel() for part in module.modules() if isinstance(part, nn.Conv2d))
    return Cost(sum(parameter.numel() for parameter in module.parameters()), weights * side * side)


@lru_cache(maxsize=4096)
def _operation_cost(operation: str, channels: int, sampling: Sampling, side: int) -> Cost:
    with torch.device("meta"):
        return _count(build_operation(operation, channels, sampling), side)


@lru_cache(maxsize=4096)
def _preprocessing_cost(plan: CellPlan, side: int) -> Cost:
    with torch.device("meta"):
        first, second = build_preprocessing(plan)
    return _count(first, side) + _count(second, side)


@cache
def _stem_cost(stem: str, channels: int, image_size: int) -> Cost:
    with torch.device("meta"):
        if stem == "cifar":
            return _count(cifar_stem(3 * channels), image_size)
        stem0, stem1 = imagenet_stems(channels)
    halves = [-(-image_size // stride) for stride in (2, 4, 8)]
    first, second = stem0[:3], stem0[3:]
    return _count(first, halves[0]) + _count(second, halves[1]) + _count(stem1, halves[2])
