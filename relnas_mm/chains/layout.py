"""What stands where in a chain: channels, strides, parameters and multiply-adds, known before anything is built."""

import math
from dataclasses import dataclass

from relnas_mm.cells import Sampling
from relnas_mm.chains.chain import Chain
from relnas_mm.errors import UserError

STEMS = {"cifar": (1, 1), "imagenet": (4, 8)}
"""Strides by the name of the stem: after its first part, and of what the first layer reads."""

STEM_WIDTHS = 2
"""Channels of the stem, in widths of the chain."""


@dataclass(frozen=True)
class LayerPlan:
    """The place of one layer.

    Args:
        operation: 'sep_conv' or 'conv'.
        kernel: Side of its kernel.
        inputs: Channels that it reads.
        outputs: Channels that it writes.
        stride: Stride of its output against the image.
        sampling: How it samples its grid.
        skip: Whether its input is added to its output.
    """

    operation: str
    kernel: int
    inputs: int
    outputs: int
    stride: int
    sampling: Sampling
    skip: bool

    @property
    def convolutions(self) -> int:
        """Weights of its convolutions."""
        if self.operation == "conv":
            return self.inputs * self.outputs * self.kernel**2
        return self.inputs * self.kernel**2 + self.inputs * self.outputs


def stage_ends(depth: int) -> tuple[int, int, int]:
    """Index of the last layer of each of the three stages."""
    return depth // 3 - 1, 2 * depth // 3 - 1, depth - 1


def plan_chain(chain: Chain, stem: str = "cifar", output_stride: int = 32) -> tuple[LayerPlan, ...]:
    """Places of the layers.

    Args:
        chain: The network.
        stem: 'cifar' (stride 1) or 'imagenet' (stride 8 before the first layer).
        output_stride: Largest stride; beyond it layers dilate instead, with the same weights.

    Raises:
        UserError: The stem is unknown, or the output stride is not one that it allows.
    """
    if stem not in STEMS:
        raise UserError(f"stem is {stem!r}; allowed are {', '.join(map(repr, STEMS))}")
    stride = STEMS[stem][1]
    allowed = [2**power for power in range(6) if 2**power >= stride]
    if output_stride not in allowed:
        raise UserError(f"output_stride is {output_stride!r}; with the {stem} stem it must be one of {allowed}")
    halving = [end + 1 for end in stage_ends(chain.depth)[:2]]
    width, inputs, grid = chain.width, STEM_WIDTHS * chain.width, Sampling()
    plans = []
    for place, (operation, kernel) in enumerate(chain.layers):
        sampling = grid
        if place in halving:
            width *= 2
            sampling = Sampling(2, grid.dilation, dense=2 * stride > output_stride)
            stride *= sampling.step
        skip = chain.skip and place not in halving and inputs == width
        plans.append(LayerPlan(operation, kernel, inputs, width, stride, sampling, skip))
        inputs, grid = width, sampling.following
    return tuple(plans)


def chain_parameters(chain: Chain, in_channels: int = 3, num_classes: int = 10) -> int:
    """Parameters of the network that is searched and retrained, exactly."""
    plans = plan_chain(chain)
    stem = in_channels * STEM_WIDTHS * chain.width * 9 + 2 * STEM_WIDTHS * chain.width
    layers = sum(plan.convolutions + 2 * plan.outputs for plan in plans)
    return stem + layers + (plans[-1].outputs + 1) * num_classes


def chain_macs(chain: Chain, size: int = 32, in_channels: int = 3, num_classes: int = 10) -> int:
    """Multiply-adds of convolutions and classifier for one image.

    Args:
        chain: The network.
        size: Side of the image.
        in_channels: Its channels.
        num_classes: Outputs of the classifier.
    """
    plans = plan_chain(chain)
    stem = in_channels * STEM_WIDTHS * chain.width * 9 * size**2
    layers = sum(plan.convolutions * math.ceil(size / plan.stride) ** 2 for plan in plans)
    return stem + layers + plans[-1].outputs * num_classes
