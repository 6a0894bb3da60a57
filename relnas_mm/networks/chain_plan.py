"""What stands where in a chain: channels, strides, parameters and multiply-adds, known before anything is built."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from relnas_mm.networks.sampling import Sampling
from relnas_mm.networks.stems import check_stem

if TYPE_CHECKING:
    from relnas_mm.architectures import Chain

CHAIN_OPERATIONS = ("sep_conv", "conv")
"""What a layer may do, by its number in the reference implementation: depthwise-separable or dense convolution."""
KERNEL_SIZES = (3, 5, 7)

CHAIN_STEM_WIDTH = 2
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
    def num_conv_weights(self) -> int:
        """Weights of its convolutions."""
        if self.operation == "conv":
            return self.inputs * self.outputs * self.kernel**2
        return self.inputs * self.kernel**2 + self.inputs * self.outputs


def stage_ends(depth: int) -> tuple[int, int, int]:
    """Index of the last layer of each of the three stages."""
    return depth // 3 - 1, 2 * depth // 3 - 1, depth - 1


def plan_chain(chain: "Chain", stem: str = "cifar", output_stride: int = 32) -> tuple[LayerPlan, ...]:
    """Places of the layers.

    Args:
        chain: The network.
        stem: 'cifar' (stride 1) or 'imagenet' (stride 8 before the first layer).
        output_stride: Largest stride; beyond it layers dilate instead, with the same weights.

    Raises:
        UserError: The stem is unknown, or the output stride is not one that it allows.
    """
    stride = check_stem(stem, output_stride)[1]
    halving = [end + 1 for end in stage_ends(chain.depth)[:2]]
    width, inputs, grid = chain.width, CHAIN_STEM_WIDTH * chain.width, Sampling()
    plans = []
    for place, (operation, kernel) in enumerate(chain.layers):
        sampling = grid
        if place in halving:
            width *= 2
            sampling = Sampling(2, grid.dilation, replace_stride_with_dilation=2 * stride > output_stride)
            stride *= sampling.step
        skip = chain.skip and place not in halving and inputs == width
        plans.append(LayerPlan(operation, kernel, inputs, width, stride, sampling, skip))
        inputs, grid = width, sampling.following
    return tuple(plans)
