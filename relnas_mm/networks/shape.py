"""Size of the classification network that is built from an architecture."""

from dataclasses import dataclass

from relnas_mm.errors import UserError


@dataclass(frozen=True)
class NetworkShape:
    """Size of a classification network; the defaults are those of the search on CIFAR-10.

    Args:
        init_channels: Channels of the nodes of the first cell; a chain has its own width.
        num_cells: Number of cells, at least 3; a chain has its own depth.
        num_classes: Outputs of the linear classifier; 0 leaves it out.
        in_channels: Channels of the images.
        stem: 'cifar' (stride 1) or 'imagenet' (stride 8).
        image_size: Side, or height and width, in pixels, for which multiply-adds and latency are given.
        output_stride: Largest stride; reductions beyond it are dilated instead, as in backbones for segmentation.
        reductions: Indices of the two reduction cells; `None` for one and two thirds of the depth.

    Raises:
        UserError: `image_size` is no positive number, and no pair of them.
    """

    init_channels: int = 16
    num_cells: int = 8
    num_classes: int = 10
    in_channels: int = 3
    stem: str = "cifar"
    image_size: int | tuple[int, int] = 32
    output_stride: int = 32
    reductions: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        sides = self.image_size if isinstance(self.image_size, (list, tuple)) else (self.image_size,) * 2
        if len(sides) != 2 or any(type(side) is not int or side < 1 for side in sides):
            raise UserError(f"image_size is {self.image_size!r}; it must be a side, or height and width, in pixels")
        if self.reductions is not None:
            object.__setattr__(self, "reductions", tuple(self.reductions))
        object.__setattr__(self, "image_size", sides[0] if sides[0] == sides[1] else tuple(sides))

    @property
    def image_hw(self) -> tuple[int, int]:
        """Height and width of the images."""
        return self.image_size if isinstance(self.image_size, tuple) else (self.image_size, self.image_size)
