"""Metadata of feature maps (timm's term), known before any forward pass."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FeatureInfo:
    """Metadata of one feature map.

    Args:
        channels: Number of channels.
        stride: Total stride.
    """

    channels: int
    stride: int
