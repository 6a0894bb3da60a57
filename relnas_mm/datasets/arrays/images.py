"""Small images as one array on the training device."""

from dataclasses import dataclass

import torch
from torch import Tensor

from relnas_mm.errors import UserError
from relnas_mm.seeding import torch_stream


@dataclass(frozen=True)
class ImageArrays:
    """Labelled images of one size.

    Args:
        images: uint8, shape (n, c, h, w), RGB or grayscale.
        labels: int64, shape (n,), from 0 to `len(classes) - 1`.
        classes: Names of the classes.
        mean: Mean of each channel, from 0 to 1.
        std: Standard deviation of each channel, in the same units.
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device | str) -> "ImageArrays":
        """The same images on another device."""
        return ImageArrays(self.images.to(device), self.labels.to(device), self.classes, self.mean, self.std)

    def subset(self, rows: Tensor) -> "ImageArrays":
        """The images with the given indices, in their order."""
        return ImageArrays(self.images[rows], self.labels[rows], self.classes, self.mean, self.std)


def split_for_search(data: ImageArrays, seed: int, portion: float = 0.5) -> tuple[ImageArrays, ImageArrays]:
    """Splits images at random, reproducibly, into a training and a validation part.

    Args:
        data: The images.
        seed: Seed of the run.
        portion: Fraction of the training part.

    Raises:
        UserError: A part would be empty.
    """
    first = int(len(data) * portion)
    if not 0 < first < len(data):
        raise UserError(f"train_portion is {portion!r} of {len(data)} images; both parts must hold at least one image")
    order = torch.randperm(len(data), generator=torch_stream(seed, "split"))
    return data.subset(order[:first]), data.subset(order[first:])


def require_classes(data: ImageArrays, num_classes: int | None, source: str) -> ImageArrays:
    """Checks the number of classes, and returns the data.

    Raises:
        UserError: The data have another number of classes.
    """
    if num_classes is not None and num_classes != len(data.classes):
        raise UserError(f"num_classes is {num_classes!r}, but {source} has {len(data.classes)} classes")
    return data
