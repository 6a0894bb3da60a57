"""Size of the classification network that is built from an architecture."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkShape:
    """Size of a classification network; the defaults are those of the search on CIFAR-10.

    Args:
        init_channels: Channels of the nodes of the first cell; a chain has its own width.
        num_cells: Number of cells, at least 3; a chain has its own depth.
        num_classes: Outputs of the linear classifier; 0 excludes it from costs.
        in_channels: Channels of the images.
        stem: 'cifar' (stride 1) or 'imagenet' (stride 8).
        image_size: Height and width, in pixels, for which multiply-adds are counted.
    """

    init_channels: int = 16
    num_cells: int = 8
    num_classes: int = 10
    in_channels: int = 3
    stem: str = "cifar"
    image_size: int = 32
