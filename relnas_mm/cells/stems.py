"""What stands before the first cell."""

from torch import nn

from relnas_mm.cells.operations import Norm, batch_norm


def cifar_stem(channels: int, in_channels: int = 3, norm: Norm = batch_norm) -> nn.Sequential:
    """3x3 convolution and normalization, stride 1; both inputs of the first cell are its output."""
    return nn.Sequential(nn.Conv2d(in_channels, channels, 3, padding=1, bias=False), norm(channels))


def imagenet_stems(channels: int, in_channels: int = 3, norm: Norm = batch_norm) -> tuple[nn.Sequential, nn.Sequential]:
    """Three 3x3 convolutions of stride 2: outputs at stride 4 (after the second) and 8 (after the third)."""

    def halving(inputs: int, outputs: int) -> nn.Conv2d:
        return nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)

    half = channels // 2
    stem0 = nn.Sequential(
        halving(in_channels, half), norm(half), nn.ReLU(inplace=True), halving(half, channels), norm(channels)
    )
    stem1 = nn.Sequential(nn.ReLU(), halving(channels, channels), norm(channels))
    return stem0, stem1
