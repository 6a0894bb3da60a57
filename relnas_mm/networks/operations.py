"""The candidate operations of a cell, after the reference implementations of RelativeNAS and DARTS (section 2.1 there).

Parameter names are those of the original modules, so that their checkpoints load by key.  Every operation can keep the
resolution and be dilated instead of striding (`Sampling`); its weights stay valid.

An operation says what is computed; the `Backend` that is given to its call says how.
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
    """A bias-free convolution that keeps the grid, but for `sampling.step`; `dilation` is its own, nominal one."""
    spread = dilation * sampling.dilation
    return nn.Conv2d(
        channels,
        out,
        kernel,
        stride=sampling.step,
        padding=kernel // 2 * spread,
        dilation=spread,
        groups=groups,
        bias=False,
    )


class PreActSequence(nn.Module):
    """A sequence of layers, `op`, the first of which is a ReLU (pre-activation)."""

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
    """ReLU, depthwise, pointwise, normalization; twice, the second time without stride."""

    def __init__(self, channels: int, kernel: int, sampling: Sampling, norm: Norm):
        layers: list[nn.Module] = []
        for own in (sampling, sampling.following):
            layers += [
                nn.ReLU(),
                conv(channels, channels, kernel, own, groups=channels),
                conv(channels, channels, 1, Sampling()),
                norm(channels),
            ]
        super().__init__(*layers[1:])


class DilConv(PreActSequence):
    """ReLU, depthwise with dilation 2, pointwise, normalization."""

    def __init__(self, channels: int, kernel: int, sampling: Sampling, norm: Norm):
        super().__init__(
            conv(channels, channels, kernel, sampling, groups=channels, dilation=2),
            conv(channels, channels, 1, Sampling()),
            norm(channels),
        )


class Conv7x1And1x7(PreActSequence):
    """ReLU, 1x7 and 7x1 convolution, normalization."""

    def __init__(self, channels: int, sampling: Sampling, norm: Norm):
        step, spread = sampling.step, sampling.dilation

        def line(kernel: tuple[int, int], stride: tuple[int, int]) -> nn.Conv2d:
            padding = (kernel[0] // 2 * spread, kernel[1] // 2 * spread)
            return nn.Conv2d(channels, channels, kernel, stride, padding, dilation=spread, bias=False)

        super().__init__(line((1, 7), (1, step)), line((7, 1), (step, 1)), norm(channels))


class FactorizedReduce(nn.Module):
    """ReLU, two 1x1 convolutions of stride 2 on grids one position apart, concatenation, normalization.

    Unlike the original it takes any size: an odd side is continued by one zero, which gives `ceil(side / 2)`
    positions, as every other stride-2 operation of a cell does.
    """

    def __init__(self, channels: int, out: int, norm: Norm, sampling: Sampling):
        super().__init__()
        if out % 2:
            raise UserError(f"a stride-2 skip connection makes {out} channels of two halves; the number must be even")
        self.shift, self.step = sampling.dilation, sampling.step
        self.conv_1 = conv(channels, out // 2, 1, sampling)
        self.conv_2 = conv(channels, out // 2, 1, sampling)
        self.bn = norm(out)

    def forward(self, x: Tensor | FeatureMap, backend: Backend = REFERENCE) -> Tensor:
        return backend.factorized_reduce(as_feature_map(x), (self.conv_1, self.conv_2), self.bn, self.step, self.shift)


class MaxPool(nn.Module):
    """3x3 maximum, without normalization."""

    def __init__(self, sampling: Sampling):
        super().__init__()
        self.step, self.dilation = sampling.step, sampling.dilation

    def forward(self, x: Tensor | FeatureMap, backend: Backend = REFERENCE) -> Tensor:
        return backend.max_pool(as_feature_map(x).value, self.step, self.dilation)


class AvgPool(nn.Module):
    """3x3 mean over the positions inside the map, without normalization."""

    def __init__(self, sampling: Sampling):
        super().__init__()
        self.step, self.dilation = sampling.step, sampling.dilation

    def forward(self, x: Tensor | FeatureMap, backend: Backend = REFERENCE) -> Tensor:
        return backend.avg_pool(as_feature_map(x).value, self.step, self.dilation)


class Identity(nn.Identity):
    """The map itself."""

    def forward(self, input: Tensor | FeatureMap, backend: Backend = REFERENCE) -> Tensor:
        return as_feature_map(input).value


class Zero(nn.Module):
    """Zeros of the right size."""

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
"""By name; their order is part of the search space (`relnas_mm.architectures.OPERATIONS`)."""


def build_operation(name: str, channels: int, sampling: Sampling | None = None, norm: Norm = batch_norm) -> nn.Module:
    """A candidate operation with as many output as input channels.

    Args:
        name: A key of `BUILDERS`.
        channels: Channels in and out.
        sampling: Stride and dilation; `None` means neither.
        norm: Makes a normalization layer for a number of channels.

    Raises:
        UserError: The operation is unknown, or cannot have so many channels.
    """
    if name not in BUILDERS:
        raise UserError(f"unknown operation {name!r}; known are {', '.join(BUILDERS)}")
    return BUILDERS[name](channels, sampling or Sampling(), norm)
