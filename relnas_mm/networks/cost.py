"""Parameters and multiply-adds of a network, without building it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn

from relnas_mm.networks.blocks import CLASSIFIER, Block, network_blocks, stem_blocks
from relnas_mm.networks.chain_plan import CHAIN_STEM_WIDTH, plan_chain
from relnas_mm.networks.shape import NetworkShape

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
    """Cost of a `CellNetwork`, as the sum over its blocks.

    Args:
        genotype: The cells.
        shape: Size of the network.
    """
    total = Cost(0, 0)
    for block, number in network_blocks(genotype, shape).items():
        cost = _block_cost(block)
        total += Cost(number * cost.params, number * cost.macs)
    return total


def chain_network_cost(chain: "Chain", shape: NetworkShape) -> Cost:
    """Cost of a `ChainNetwork`.

    Args:
        chain: The layers.
        shape: Stem, images and classes; width and depth are the chain's.
    """
    plans = plan_chain(chain, shape.stem)
    height, width = shape.image_hw
    total = Cost(0, 0)
    for block in stem_blocks(shape.stem, shape.in_channels, CHAIN_STEM_WIDTH * chain.width, (height, width)):
        total += _block_cost(block)
    for plan in plans:
        positions = -(-height // plan.stride) * -(-width // plan.stride)
        total += Cost(plan.num_conv_weights + 2 * plan.outputs, plan.num_conv_weights * positions)
    return total + _classifier_cost(plans[-1].outputs, shape.num_classes)


def _classifier_cost(channels: int, num_classes: int) -> Cost:
    return Cost((channels + 1) * num_classes, channels * num_classes)


@lru_cache(maxsize=4096)
def _block_cost(block: Block) -> Cost:
    """Cost of a block, counted in a forward pass on the meta device."""
    if block.name == CLASSIFIER:
        return _classifier_cost(block.in_channels, block.out_channels)
    macs = 0

    def add(conv: nn.Module, _: Any, out: torch.Tensor) -> None:
        nonlocal macs
        macs += out.numel() * cast(nn.Conv2d, conv).weight[0].numel()

    with torch.device("meta"):
        module = block.build("reference").eval()
        inputs = [torch.empty(1, block.in_channels, *block.size) for _ in range(block.inputs)]
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            part.register_forward_hook(add)
    with torch.no_grad():
        module(*inputs)
    return Cost(sum(parameter.numel() for parameter in module.parameters()), macs)
