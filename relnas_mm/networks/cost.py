"""Parameters and multiply-adds of a network, without building it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn

from relnas_mm.networks.cell import build_preprocessing
from relnas_mm.networks.chain_plan import CHAIN_STEM_WIDTH, plan_chain
from relnas_mm.networks.operations import build_operation
from relnas_mm.networks.plan import CELL_STEM_WIDTH, FIRST_NODE, CellPlan, plan_cells
from relnas_mm.networks.sampling import Sampling
from relnas_mm.networks.shape import NetworkShape
from relnas_mm.networks.stems import STEM_STRIDES, cifar_stem, imagenet_stems

if TYPE_CHECKING:
    from relnas_mm.architectures import Chain, Genotype


@dataclass(frozen=True)
class Cost:
    """Trainable parameters, and multiply-adds of convolutions and linear layers for one image."""

    params: int
    macs: int

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.params + other.params, self.macs + other.macs)


def cell_network_cost(genotype: "Genotype", shape: NetworkShape) -> Cost:
    """Cost of a `CellNetwork`; counts are cached per configuration of an operation.

    Args:
        genotype: The cells.
        shape: Size of the network.
    """
    plans = plan_cells(genotype, shape.init_channels, shape.num_cells, shape.stem)
    total = _stem_cost(
        shape.stem, CELL_STEM_WIDTH[shape.stem] * shape.init_channels, shape.in_channels, shape.image_size
    )
    sides = [-(-shape.image_size // stride) for stride in STEM_STRIDES[shape.stem]]
    for plan in plans:
        previous, last = sides[-2:]
        sides.append(-(-shape.image_size // plan.stride))
        total += _preprocessing_cost(plan, previous, last)
        for operation, node in genotype.edges(plan.reduction):
            side = last if node < FIRST_NODE else sides[-1]
            total += _operation_cost(operation, plan.channels, plan.sampling_of(node), side)
    return total + _classifier_cost(plans[-1].out_channels, shape.num_classes)


def chain_network_cost(chain: "Chain", shape: NetworkShape) -> Cost:
    """Cost of a `ChainNetwork`.

    Args:
        chain: The layers.
        shape: Stem, images and classes; width and depth are the chain's.
    """
    plans = plan_chain(chain, shape.stem)
    total = _stem_cost(shape.stem, CHAIN_STEM_WIDTH * chain.width, shape.in_channels, shape.image_size)
    for plan in plans:
        positions = (-(-shape.image_size // plan.stride)) ** 2
        total += Cost(plan.num_conv_weights + 2 * plan.outputs, plan.num_conv_weights * positions)
    return total + _classifier_cost(plans[-1].outputs, shape.num_classes)


def _classifier_cost(channels: int, num_classes: int) -> Cost:
    return Cost((channels + 1) * num_classes, channels * num_classes)


def _count(module: nn.Module, channels: int, side: int) -> Cost:
    """Cost of a module on an input of (1, channels, side, side), counted in a forward pass on the meta device."""
    macs = 0

    def add(conv: nn.Module, _: Any, out: torch.Tensor) -> None:
        nonlocal macs
        macs += out.numel() * cast(nn.Conv2d, conv).weight[0].numel()

    module.eval()
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            part.register_forward_hook(add)
    with torch.no_grad():
        module(torch.empty(1, channels, side, side, device="meta"))
    return Cost(sum(parameter.numel() for parameter in module.parameters()), macs)


@lru_cache(maxsize=4096)
def _operation_cost(operation: str, channels: int, sampling: Sampling, side: int) -> Cost:
    with torch.device("meta"):
        return _count(build_operation(operation, channels, sampling), channels, side)


@lru_cache(maxsize=4096)
def _preprocessing_cost(plan: CellPlan, previous: int, last: int) -> Cost:
    with torch.device("meta"):
        modules = build_preprocessing(plan)
    first, second = (_count(*each) for each in zip(modules, plan.inputs, (previous, last)))
    return first + second


@lru_cache(maxsize=4096)
def _stem_cost(stem: str, channels: int, in_channels: int, image_size: int) -> Cost:
    with torch.device("meta"):
        if stem == "cifar":
            return _count(cifar_stem(channels, in_channels), in_channels, image_size)
        stem0, stem1 = imagenet_stems(channels, in_channels)
    return _count(nn.Sequential(stem0, stem1), in_channels, image_size)
