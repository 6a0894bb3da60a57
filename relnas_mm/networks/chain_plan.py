"""Channels, strides and weights of a chain's layers, computed before anything is built."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from relnas_mm.networks.sampling import Sampling
from relnas_mm.networks.stems import check_stem

if TYPE_CHECKING:
    from relnas_mm.architectures import Chain

CHAIN_OPERATIONS = ("sep_conv", "conv")
"""Depthwise-separable and dense convolution, in the order of their codes in the reference implementation."""
KERNEL_SIZES = (3, 5, 7)

CHAIN_STEM_WIDTH = 2
"""Channels of the stem, in multiples of the chain's width."""


@dataclass(frozen=True)
class LayerPlan:
    """Configuration of one layer.

    Args:
        operation: 'sep_conv' or 'conv'.
        kernel: Kernel size.
        inputs: Input channels.
        outputs: Output channels.
        stride: Total stride of the output.
        sampling: Stride and dilation of the layer.
        skip: Whether the layer has a residual connection.
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
        """Number of weights of the layer's convolutions."""
        if self.operation == "conv":
            return self.inputs * self.outputs * self.kernel**2
        return self.inputs * self.kernel**2 + self.inputs * self.outputs


def stage_ends(depth: int) -> tuple[int, int, int]:
    """Index of the last layer of each of the three stages."""
    return depth // 3 - 1, 2 * depth // 3 - 1, depth - 1


def plan_chain(chain: "Chain", stem: str = "cifar", output_stride: int = 32) -> tuple[LayerPlan, ...]:
    """Plans the layers of a chain.

    Args:
        chain: The layers.
        stem: 'cifar' (stride 1) or 'imagenet' (stride 8 before the first layer).
        output_stride: Largest stride; beyond it layers are dilated instead of strided, with the same weights.

    Raises:
        UserError: The stem is unknown, or does not allow the output stride.
    """
    stride = check_stem(stem, output_stride)[1]
    reductions = [end + 1 for end in stage_ends(chain.depth)[:2]]
    width, inputs, grid = chain.width, CHAIN_STEM_WIDTH * chain.width, Sampling()
    plans = []
    for index, (operation, kernel) in enumerate(chain.layers):
        sampling = grid
        if index in reductions:
            width *= 2
            sampling = Sampling(2, grid.dilation, replace_stride_with_dilation=2 * stride > output_stride)
            stride *= sampling.step
        skip = chain.skip and index not in reductions and inputs == width
        plans.append(LayerPlan(operation, kernel, inputs, width, stride, sampling, skip))
        inputs, grid = width, sampling.following
    return tuple(plans)
