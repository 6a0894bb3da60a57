"""What is known of a feature map before any forward pass (timm's term)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FeatureInfo:
    """One feature map of a network.

    Args:
        channels: Its channels.
        stride: Its stride against the image.
    """

    channels: int
    stride: int
