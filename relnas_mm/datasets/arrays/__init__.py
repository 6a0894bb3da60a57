"""Small images as arrays on the training device: reading, augmentation and batching without worker processes."""

from relnas_mm.datasets.arrays.augment import Augmentation, Draws, normalize
from relnas_mm.datasets.arrays.batches import batch_sizes, epoch_batches
from relnas_mm.datasets.arrays.catalog import load_images
from relnas_mm.datasets.arrays.images import ImageArrays, split_for_search

__all__ = [
    "Augmentation",
    "Draws",
    "ImageArrays",
    "batch_sizes",
    "epoch_batches",
    "load_images",
    "normalize",
    "split_for_search",
]
