"""Random crop, flip and cutout of batches by array operations on any device.

All random numbers of an epoch are drawn in advance from one generator on the CPU, so they depend neither on the device
nor on the batch size.  The order of operations is that of the usual CIFAR pipeline: zero padding, crop, flip,
normalization, cutout.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from relnas_mm.datasets.arrays.images import ImageArrays
from relnas_mm.errors import UserError


@dataclass(frozen=True)
class Draws:
    """Random parameters of each image: `flip`, (n,), and `corner` of the crop and center of the `hole`, (n, 2)."""

    corner: Tensor
    flip: Tensor
    hole: Tensor

    def rows(self, chosen: "slice | Tensor") -> "Draws":
        """Parameters of the chosen images."""
        return Draws(self.corner[chosen], self.flip[chosen], self.hole[chosen])

    def to(self, device: torch.device | str) -> "Draws":
        """The same parameters on another device."""
        return Draws(self.corner.to(device), self.flip.to(device), self.hole.to(device))


@dataclass(frozen=True)
class Augmentation:
    """Augmentation of CIFAR images; the defaults are those of the reference implementation.

    Args:
        padding: Zero padding before the crop, in pixels.
        flip: Whether to flip half of the images horizontally.
        cutout: Size of the square that is set to the mean, in pixels; 0 for none.  Its center is uniform over the
            image, so it can be partly outside.
        crop: Size of the crop; `None` means the image size.

    Raises:
        UserError: A length is negative, or the crop is empty.
    """

    padding: int = 4
    flip: bool = True
    cutout: int = 16
    crop: int | None = None

    def __post_init__(self) -> None:
        if self.padding < 0 or self.cutout < 0:
            raise UserError(f"padding is {self.padding!r} and cutout {self.cutout!r}; both must be at least 0")
        if self.crop is not None and self.crop < 1:
            raise UserError(f"crop is {self.crop!r}; it must be at least 1, or None for the size of the image")

    def draw(self, n: int, size: tuple[int, int], generator: torch.Generator) -> Draws:
        """Draws the parameters for `n` images of height and width `size`.

        Raises:
            UserError: The crop is larger than the padded images.
        """
        height, width = self._cropped(size)
        margins = [before + 2 * self.padding - after for before, after in zip(size, (height, width))]
        if min(margins) < 0:
            raise UserError(f"crop is {self.crop!r}; images of {size} with padding {self.padding} are smaller")
        if margins[0] == margins[1]:
            corner = torch.randint(0, margins[0] + 1, (n, 2), generator=generator)
        else:
            corner = torch.stack([torch.randint(0, most + 1, (n,), generator=generator) for most in margins], dim=1)
        flip = torch.rand(n, generator=generator) < (0.5 if self.flip else 0.0)
        row = torch.randint(0, height, (n,), generator=generator)
        column = torch.randint(0, width, (n,), generator=generator)
        return Draws(corner, flip, torch.stack([row, column], dim=1))

    def crop_and_flip(self, images: Tensor, draws: Draws) -> Tensor:
        """Crops and flips images, uint8 (n, c, h, w) to (n, c, h', w')."""
        n = len(images)
        height, width = self._cropped((images.shape[2], images.shape[3]))
        padded = F.pad(images, [self.padding] * 4)
        rows = draws.corner[:, :1] + torch.arange(height, device=images.device)
        columns = torch.arange(width, device=images.device).expand(n, width)
        columns = draws.corner[:, 1:] + torch.where(draws.flip[:, None], columns.flip(1), columns)
        which = torch.arange(n, device=images.device)[:, None, None]
        # Advanced indices around a slice move the channels to the end.
        return padded[which, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)

    def _cropped(self, size: tuple[int, int]) -> tuple[int, int]:
        return size if self.crop is None else (self.crop, self.crop)

    def cut_out(self, images: Tensor, draws: Draws) -> Tensor:
        """Applies cutout to normalized images, float (n, c, h, w)."""
        if self.cutout == 0:
            return images
        inside = []
        for axis, length in enumerate(images.shape[-2:]):
            start = draws.hole[:, axis, None] - self.cutout // 2
            position = torch.arange(length, device=images.device)
            inside.append((position >= start) & (position < start + self.cutout // 2 * 2))
        hole = inside[0][:, None, :, None] & inside[1][:, None, None, :]
        return images * ~hole


def normalize(images: Tensor, data: ImageArrays) -> Tensor:
    """Normalizes bytes to float32, (n, c, h, w), by mean and standard deviation of the data."""
    mean, std = (_constants(part, images.device) for part in (data.mean, data.std))
    return (images.float() / 255 - mean) / std


@lru_cache
def _constants(values: tuple[float, ...], device: torch.device) -> Tensor:
    """Values per channel, cached on the device, as copying them would synchronize."""
    return torch.tensor(values, dtype=torch.float32, device=device).view(-1, 1, 1)
