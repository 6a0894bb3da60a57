"""The reference backend, and base class of the others: PyTorch's own layers in the reference implementation's order."""

from collections.abc import Sequence
from itertools import islice

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from relnas_mm.backends.conditions import trains_on_cpu
from relnas_mm.backends.drop_path import drop_path
from relnas_mm.backends.feature_map import FeatureMap

Path = tuple[Tensor, float]
"""The output of an operation and its drop-path rate, 0 for none."""


class Backend:
    """Computes the parts of a network; this class is bit-identical to the reference implementation.

    Attributes:
        name: The backend's name in configs.
        exact: Whether results equal the reference implementation's bit for bit, given the same PyTorch kernels.
    """

    name = "reference"
    exact = True

    def relu(self, x: FeatureMap) -> Tensor:
        """The ReLU of a feature map; here every reader computes its own."""
        return F.relu(x.value)

    def preact_sequence(self, layers: nn.Sequential, x: FeatureMap) -> Tensor:
        """Applies pre-activation layers.

        Args:
            layers: The layers, of which the first is the ReLU.
            x: Their input, (n, c, h, w).
        """
        out = self.relu(x)
        for layer in islice(layers, 1, None):
            out = layer(out)
        return out

    def factorized_reduce(
        self, x: FeatureMap, convs: Sequence[nn.Conv2d], norm: nn.Module, step: int, shift: int
    ) -> Tensor:
        """Applies a ReLU, two 1x1 convolutions of shifted grids, and one normalization of their concatenation.

        Args:
            x: Input, (n, c, h, w).
            convs: Two convolutions of stride `step`.
            norm: Normalizes the channels of the first convolution followed by those of the second.
            step: Stride, 1 or 2.
            shift: Offset of the second convolution's grid, in rows and columns.
        """
        return norm(_shifted_convs(self.relu(x), convs, step, shift))

    def max_pool(self, x: Tensor, step: int, dilation: int) -> Tensor:
        """Max pooling, 3x3.

        Args:
            x: Shape (n, c, h, w).
            step: Stride.
            dilation: Dilation of the window.
        """
        if dilation == 1:
            return F.max_pool2d(x, 3, step, padding=1)
        # PyTorch allows at most half the kernel size as padding, whatever the dilation.
        padded = F.pad(x, (dilation,) * 4, value=float("-inf"))
        return F.max_pool2d(padded, 3, step, dilation=dilation)

    def avg_pool(self, x: Tensor, step: int, dilation: int) -> Tensor:
        """Average pooling, 3x3, not counting padding; arguments as in `max_pool`."""
        if dilation == 1:
            return F.avg_pool2d(x, 3, step, padding=1, count_include_pad=False)
        return avg_pool_by_convolution(x, step, dilation)

    def add_paths(self, paths: Sequence[Path], generator: torch.Generator | None) -> Tensor:
        """Sums the two operations of a node, each after drop path.

        Args:
            paths: Two outputs, (n, c, h, w), with their drop-path rates.
            generator: Source of the drop-path masks; `None` is PyTorch's default generator.
        """
        first, second = (drop_path(out, rate, generator) if rate > 0.0 else out for out, rate in paths)
        return first + second

    def stem(self, layers: nn.Sequential, x: Tensor) -> Tensor:
        """Applies the layers before the first cell."""
        return layers(x)


REFERENCE = Backend()


def _shifted_convs(x: Tensor, convs: Sequence[nn.Conv2d], step: int, shift: int) -> Tensor:
    # Zeros at the bottom and right give the shifted grid the size of the first.
    bottom, right = (shift if step == 1 else side % 2 for side in x.shape[-2:])
    # Padding by zero would copy; a trace keeps it, as it must serve other input sizes.
    traced = torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
    padded = F.pad(x, (0, right, 0, bottom)) if traced or bottom or right else x
    shifted = padded[..., shift:, shift:]  # padded first: a map may be narrower than the shift
    return torch.cat([_strided_conv(conv, grid) for conv, grid in zip(convs, (x, shifted))], dim=1)


def _strided_conv(conv: nn.Conv2d, x: Tensor) -> Tensor:
    # Without AVX-512, oneDNN corrupts memory in the weight gradient of a strided 1x1 convolution of fewer than
    # 8 channels in channels-last (https://github.com/uxlfoundation/oneDNN/issues/6035); without stride it does not.
    channels_last = x.stride(-1) != 1 or conv.weight.stride(-1) != 1
    if conv.stride != (1, 1) and conv.in_channels < 8 and channels_last and trains_on_cpu(x):
        rows, columns = conv.stride
        return F.conv2d(x[..., ::rows, ::columns], conv.weight, conv.bias)
    return conv(x)


def avg_pool_by_convolution(x: Tensor, step: int, dilation: int) -> Tensor:
    """`Backend.avg_pool` as a box filter of `x` over one of ones, for dilations, which PyTorch's average pool lacks."""
    counts = _box_sum(x.new_ones(1, 1, *x.shape[-2:]), step, dilation)
    return _box_sum(x, step, dilation) / counts


def _box_sum(x: Tensor, step: int, dilation: int) -> Tensor:
    channels = int(x.shape[1])  # the ONNX exporter needs a constant, not a traced value
    box = x.new_ones(channels, 1, 3, 3)
    return F.conv2d(x, box, None, step, dilation, dilation, groups=channels)
