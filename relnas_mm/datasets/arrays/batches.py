"""Batches of an epoch over images on the device."""

from collections.abc import Iterator

import torch
from torch import Tensor

from relnas_mm.datasets.arrays.augment import Augmentation, Draws, normalize
from relnas_mm.datasets.arrays.images import ImageArrays

AT_ONCE = 4096
"""Approximate number of images that are augmented together on CUDA, to reduce the overhead of kernel launches."""


def batch_sizes(images: int, batch_size: int) -> list[int]:
    """The distinct batch sizes of an epoch."""
    whole, rest = divmod(images, batch_size)
    return [batch_size] * (whole > 0) + [rest] * (rest > 0)


def epoch_batches(
    data: ImageArrays,
    batch_size: int,
    generator: torch.Generator | None = None,
    augmentation: Augmentation | None = None,
    memory_format: torch.memory_format = torch.contiguous_format,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Iterates over normalized images, float32 (b, c, h, w), and labels, int64 (b,); the last batch may be smaller.

    All random numbers are drawn at the call.

    Args:
        data: The images.
        batch_size: Images per batch.
        generator: Generator on the CPU for shuffling and augmentation; `None` disables both.
        augmentation: Augmentation of the images, or `None`.
        memory_format: Memory format of the batches.
    """
    device = data.images.device
    order = torch.arange(len(data)) if generator is None else torch.randperm(len(data), generator=generator)
    draws = None
    if generator is not None and augmentation is not None:
        size = (data.images.shape[2], data.images.shape[3])
        draws = augmentation.draw(len(data), size, generator).to(device)
    return _batches(data, batch_size, order.to(device), augmentation, draws, memory_format)


def _batches(
    data: ImageArrays,
    batch_size: int,
    order: Tensor,
    augmentation: Augmentation | None,
    draws: Draws | None,
    memory_format: torch.memory_format,
) -> Iterator[tuple[Tensor, Tensor]]:
    chunk = batch_size * max(1, AT_ONCE // batch_size if data.images.is_cuda else 1)
    for start in range(0, len(data), chunk):
        chosen = slice(start, start + chunk)
        rows = order[chosen]
        images = data.images[rows]
        if augmentation is not None and draws is not None:
            part = draws.rows(chosen)
            images = augmentation.cut_out(normalize(augmentation.crop_and_flip(images, part), data), part)
        else:
            images = normalize(images, data)
        images = images.contiguous(memory_format=memory_format)
        yield from zip(images.split(batch_size), data.labels[rows].split(batch_size))
