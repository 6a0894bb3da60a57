"""What the reference implementation computes, in its order, by PyTorch's own layers; the base of other backends."""

from collections.abc import Sequence
from itertools import islice

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from relnas_mm.backends.drop_path import drop_path
from relnas_mm.backends.feature_map import FeatureMap

Path = tuple[Tensor, float]
"""The result of an operation, and the rate of its drop path, 0 for none."""


class Backend:
    """Computes the parts of a network; this class does so as the reference implementation does, to the last digit.

    Attributes:
        name: What a config calls it.
        exact: Whether results are those of the reference implementation bit for bit on the same kernels of PyTorch.
    """

    name = "reference"
    exact = True

    def relu(self, x: FeatureMap) -> Tensor:
        """The ReLU of a feature map; here each reader computes its own."""
        return F.relu(x.value)

    def preact_sequence(self, layers: nn.Sequential, x: FeatureMap) -> Tensor:
        """A ReLU and the layers behind it.

        Args:
            layers: The first one is the ReLU.
            x: What they read.
        """
        out = self.relu(x)
        for layer in islice(layers, 1, None):
            out = layer(out)
        return out

    def factorized_reduce(
        self, x: FeatureMap, convs: Sequence[nn.Conv2d], norm: nn.Module, step: int, shift: int
    ) -> Tensor:
        """A ReLU, two 1x1 convolutions of grids that lie apart, and one normalization of both results.

        Args:
            x: What they read.
            convs: The convolutions, which stride by `step` themselves.
            norm: Normalizes the channels of the first convolution, then those of the second.
            step: Stride, 1 or 2; with 1 the grids are the whole map and the map from `shift` on.
            shift: How many rows and columns later the second grid begins.
        """
        return norm(_both_grids(self.relu(x), convs, step, shift))

    def max_pool(self, x: Tensor, step: int, dilation: int) -> Tensor:
        """The maximum of 3x3 positions.

        Args:
            x: Shape (n, c, h, w).
            step: Stride.
            dilation: Distance between the positions.
        """
        if dilation == 1:
            return F.max_pool2d(x, 3, step, padding=1)
        # PyTorch pads a pool by half its nominal width at most, whatever its dilation.
        padded = F.pad(x, (dilation,) * 4, value=float("-inf"))
        return F.max_pool2d(padded, 3, step, dilation=dilation)

    def avg_pool(self, x: Tensor, step: int, dilation: int) -> Tensor:
        """The mean of those of 3x3 positions that are inside the map; arguments as `max_pool`."""
        if dilation == 1:
            return F.avg_pool2d(x, 3, step, padding=1, count_include_pad=False)
        return avg_pool_by_convolution(x, step, dilation)

    def add_paths(self, paths: Sequence[Path], generator: torch.Generator | None) -> Tensor:
        """The node that sums two operations, some images of which drop path leaves out.

        Args:
            paths: Two results, (n, c, h, w), with their rates.
            generator: Draws what is left out; `None` means PyTorch's own.
        """
        first, second = (drop_path(out, rate, generator) if rate > 0.0 else out for out, rate in paths)
        return first + second

    def stem(self, layers: nn.Sequential, x: Tensor) -> Tensor:
        """The layers before the first cell."""
        return layers(x)


REFERENCE = Backend()


def _both_grids(x: Tensor, convs: Sequence[nn.Conv2d], step: int, shift: int) -> Tensor:
    # The second grid starts `shift` positions later; the border is continued to the first one's length.
    down, right = (shift if step == 1 else side % 2 for side in x.shape[-2:])
    # Padding by nothing would copy; in a trace it must stay, for images of other sizes.
    traced = torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
    wide = F.pad(x, (0, right, 0, down)) if traced or down or right else x
    moved = wide[..., shift:, shift:]  # a map may be narrower than the shift
    return torch.cat([convs[0](x), convs[1](moved)], dim=1)


def avg_pool_by_convolution(x: Tensor, step: int, dilation: int) -> Tensor:
    """A box filter over the map, divided by one over ones: PyTorch has no dilated mean (arguments as `max_pool`)."""
    counts = _box_sum(x.new_ones(1, 1, *x.shape[-2:]), step, dilation)
    return _box_sum(x, step, dilation) / counts


def _box_sum(x: Tensor, step: int, dilation: int) -> Tensor:
    channels = int(x.shape[1])  # a number, which the ONNX exporter needs, and not a traced value
    box = x.new_ones(channels, 1, 3, 3)
    return F.conv2d(x, box, None, step, dilation, dilation, groups=channels)
