"""Stems: the layers before the first cell."""

from torch import nn

from relnas_mm.errors import UserError
from relnas_mm.networks.operations import Norm, batch_norm

STEM_STRIDES = {"cifar": (1, 1), "imagenet": (4, 8)}
"""Strides of a stem's two feature maps, by its name."""


def check_stem(stem: str, output_stride: int) -> tuple[int, int]:
    """Checks a stem and returns the strides of its two feature maps.

    Args:
        stem: 'cifar' or 'imagenet'.
        output_stride: Largest stride of the network, 8, 16 or 32 with the ImageNet stem.

    Raises:
        UserError: The stem is unknown, or does not allow the output stride.
    """
    if stem not in STEM_STRIDES:
        raise UserError(f"stem is {stem!r}; allowed are {', '.join(map(repr, STEM_STRIDES))}")
    strides = STEM_STRIDES[stem]
    allowed = [2**power for power in range(6) if 2**power >= strides[1]]
    if output_stride not in allowed:
        raise UserError(f"output_stride is {output_stride!r}; with the {stem} stem it must be one of {allowed}")
    return strides


def cifar_stem(channels: int, in_channels: int = 3, norm: Norm = batch_norm) -> nn.Sequential:
    """Builds a 3x3 convolution of stride 1 with normalization, whose output is both inputs of the first cell."""
    return nn.Sequential(nn.Conv2d(in_channels, channels, 3, padding=1, bias=False), norm(channels))


def imagenet_stems(channels: int, in_channels: int = 3, norm: Norm = batch_norm) -> tuple[nn.Sequential, nn.Sequential]:
    """Builds three 3x3 convolutions of stride 2, with outputs after the second (stride 4) and the third (stride 8)."""

    def stride2_conv(inputs: int, outputs: int) -> nn.Conv2d:
        return nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)

    half = channels // 2
    stem0 = nn.Sequential(
        stride2_conv(in_channels, half), norm(half), nn.ReLU(inplace=True), stride2_conv(half, channels), norm(channels)
    )
    stem1 = nn.Sequential(nn.ReLU(), stride2_conv(channels, channels), norm(channels))
    return stem0, stem1
