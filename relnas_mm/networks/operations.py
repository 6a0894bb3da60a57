"""The candidate operations of a cell, as in the reference implementations of RelativeNAS and DARTS (section 2.1).

Parameter names are those of the reference implementations, so their checkpoints load by key.  Every operation can
preserve the resolution and be dilated instead of striding (`Sampling`), with the same weights.

An operation defines what is computed; the `Backend` passed to its call defines how.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from relnas_mm.backends import REFERENCE, Backend, FeatureMap, as_feature_map
from relnas_mm.errors import UserError
from relnas_mm.networks.sampling import Sampling

Norm = Callable[[int], nn.Module]

batch_norm: Norm = partial(nn.BatchNorm2d, eps=1e-5, momentum=0.1)
"""The normalization layer of the reference implementation."""


def conv(channels: int, out: int, kernel: int, sampling: Sampling, groups: int = 1, dilation: int = 1) -> nn.Conv2d:
    """Builds a bias-free convolution with "same" padding; `dilation` multiplies that of `sampling`."""
    total_dilation = dilation * sampling.dilation
    return nn.Conv2d(
        channels,
        out,
        kernel,
        stride=sampling.step,
        padding=kernel // 2 * total_dilation,
        dilation=total_dilation,
        groups=groups,
        bias=False,
    )


class PreActSequence(nn.Module):
    """A sequence of layers, `op`, that starts with a ReLU (pre-activation)."""

    def __init__(self, *layers: nn.Module):
        super().__init__()
        self.op = nn.Sequential(nn.ReLU(), *layers)

    def forward(self, x: Tensor | FeatureMap, backend: Backend = REFERENCE) -> Tensor:
        return backend.preact_sequence(self.op, as_feature_map(x))


class ReluConvNorm(PreActSequence):
    """ReLU, 1x1 convolution, normalization."""

    def __init__(self, channels: int, out: int, norm: Norm):
        super().__init__(conv(channels, out, 1, Sampling()), norm(out))


class SepConv(PreActSequence):
    """ReLU, depthwise convolution, pointwise convolution, normalization; all twice, the second time with stride 1."""

    def __init__(self, channels: int, kernel: int, sampling: Sampling, norm: Norm):
        layers: list[nn.Module] = []
        for part in (sampling, sampling.following):
            layers += [
                nn.ReLU(),
                conv(channels, channels, kernel, part, groups=channels),
                conv(channels, channels, 1, Sampling()),
                norm(channels),
            ]
        super().__init__(*layers[1:])


class DilConv(PreActSequence):
    """ReLU, depthwise convolution of dilation 2, pointwise convolution, normalization."""

    def __init__(self, channels: int, kernel: int, sampling: Sampling, norm: Norm):
        super().__init__(
            conv(channels, channels, kernel, sampling, groups=channels, dilation=2),
            conv(channels, channels, 1, Sampling()),
            norm(channels),
        )


class Conv7x1And1x7(PreActSequence):
    """ReLU, 1x7 convolution, 7x1 convolution, normalization."""

    def __init__(self, channels: int, sampling: Sampling, norm: Norm):
        step, dilation = sampling.step, sampling.dilation

        def conv_1d(kernel: tuple[int, int], stride: tuple[int, int]) -> nn.Conv2d:
            padding = (kernel[0] // 2 * dilation, kernel[1] // 2 * dilation)
            return nn.Conv2d(channels, channels, kernel, stride, padding, dilation=dilation, bias=False)

        super().__init__(conv_1d((1, 7), (1, step)), conv_1d((7, 1), (step, 1)), norm(channels))


class FactorizedReduce(nn.Module):
    """ReLU, two 1x1 convolutions of stride 2 offset by one position, concatenation, normalization.

    Unlike the reference implementation it supports odd sizes: they are zero-padded by one, so the output has size
    `ceil(size / 2)` as that of every other stride-2 operation.
    """

    def __init__(self, channels: int, out: int, norm: Norm, sampling: Sampling):
        super().__init__()
        if out % 2:
            raise UserError(f"a stride-2 skip connection has {out} output channels; the number must be even")
        self.shift, self.step = sampling.dilation, sampling.step
        self.conv_1 = conv(channels, out // 2, 1, sampling)
        self.conv_2 = conv(channels, out // 2, 1, sampling)
        self.bn = norm(out)

    def forward(self, x: Tensor | FeatureMap, backend: Backend = REFERENCE) -> Tensor:
        return backend.factorized_reduce(as_feature_map(x), (self.conv_1, self.conv_2), self.bn, self.step, self.shift)


class MaxPool(nn.Module):
    """3x3 max pooling, without normalization."""

    def __init__(self, sampling: Sampling):
        super().__init__()
        self.step, self.dilation = sampling.step, sampling.dilation

    def forward(self, x: Tensor | FeatureMap, backend: Backend = REFERENCE) -> Tensor:
        return backend.max_pool(as_feature_map(x).value, self.step, self.dilation)


class AvgPool(nn.Module):
    """3x3 average pooling that does not count padding, without normalization."""

    def __init__(self, sampling: Sampling):
        super().__init__()
        self.step, self.dilation = sampling.step, sampling.dilation

    def forward(self, x: Tensor | FeatureMap, backend: Backend = REFERENCE) -> Tensor:
        return backend.avg_pool(as_feature_map(x).value, self.step, self.dilation)


class Identity(nn.Identity):
    """Skip connection of stride 1."""

    def forward(self, input: Tensor | FeatureMap, backend: Backend = REFERENCE) -> Tensor:
        return as_feature_map(input).value


class Zero(nn.Module):
    """No connection: zeros of the output's shape."""

    def __init__(self, sampling: Sampling):
        super().__init__()
        self.step = sampling.step

    def forward(self, x: Tensor | FeatureMap, backend: Backend = REFERENCE) -> Tensor:
        return torch.zeros_like(as_feature_map(x).value[:, :, :: self.step, :: self.step])


def _skip(channels: int, sampling: Sampling, norm: Norm) -> nn.Module:
    return Identity() if sampling.stride == 1 else FactorizedReduce(channels, channels, norm, sampling)


BUILDERS: dict[str, Callable[[int, Sampling, Norm], nn.Module]] = {
    "max_pool_3x3": lambda channels, sampling, norm: MaxPool(sampling),
    "avg_pool_3x3": lambda channels, sampling, norm: AvgPool(sampling),
    "skip_connect": _skip,
    "sep_conv_3x3": lambda channels, sampling, norm: SepConv(channels, 3, sampling, norm),
    "sep_conv_5x5": lambda channels, sampling, norm: SepConv(channels, 5, sampling, norm),
    "dil_conv_3x3": lambda channels, sampling, norm: DilConv(channels, 3, sampling, norm),
    "dil_conv_5x5": lambda channels, sampling, norm: DilConv(channels, 5, sampling, norm),
    "sep_conv_7x7": lambda channels, sampling, norm: SepConv(channels, 7, sampling, norm),
    "conv_7x1_1x7": Conv7x1And1x7,
    "none": lambda channels, sampling, norm: Zero(sampling),
}
"""Builders of operations by name; the order is part of the search space (`relnas_mm.architectures.OPERATIONS`)."""


def build_operation(name: str, channels: int, sampling: Sampling | None = None, norm: Norm = batch_norm) -> nn.Module:
    """Builds a candidate operation.

    Args:
        name: A key of `BUILDERS`.
        channels: Input and output channels.
        sampling: Stride and dilation; `None` means 1 and 1.
        norm: Builds a normalization layer for a number of channels.

    Raises:
        UserError: The operation is unknown, or does not support this number of channels.
    """
    if name not in BUILDERS:
        raise UserError(f"unknown operation {name!r}; known are {', '.join(BUILDERS)}")
    return BUILDERS[name](channels, sampling or Sampling(), norm)
