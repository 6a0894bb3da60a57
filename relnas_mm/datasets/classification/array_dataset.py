"""Small images on the training device as a data set for MMEngine's data loader.

The data set returns whole batches (PyTorch's `__getitems__`), augmented by array operations, without workers and
collation.
"""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.dataset import DefaultSampler
from mmengine.device import get_device
from mmengine.registry import DATA_SAMPLERS, DATASETS, FUNCTIONS
from torch import Tensor
from torch.utils.data import Dataset

from relnas_mm.datasets.arrays import Augmentation, load_images, normalize
from relnas_mm.datasets.arrays.augment import Draws
from relnas_mm.errors import UserError
from relnas_mm.seeding import torch_stream


@DATASETS.register_module()
class ArrayDataset(Dataset):
    """CIFAR-10, CIFAR-100, MNIST-like data, or a folder of images scaled to one size, held in memory.

    Its data loader needs `collate_fn=dict(type='whole_batch')` and, for training, `sampler=dict(type='ArraySampler')`,
    which passes it seed and epoch.  `num_workers=0` is fastest; persistent workers follow the epoch too.

    Args:
        data: Arguments of `load_images`: `type`, `data_root`, `split`, `limit`, `num_classes`, …
        augmentation: Arguments of `Augmentation`, `dict()` for its defaults; `None` for no augmentation.
        device: Device of the images; `None` means MMEngine's training device.

    Raises:
        UserError: The data cannot be loaded.
    """

    def __init__(self, data: dict[str, Any], augmentation: dict[str, Any] | None = None, device: str | None = None):
        self.data = load_images(**data).to(device or get_device())
        self.augmentation = None if augmentation is None else Augmentation(**augmentation)
        self.metainfo = {"classes": self.data.classes}
        self._epoch = torch.zeros(2, dtype=torch.int64).share_memory_()  # seed and epoch, seen by worker processes
        self._drawn = (-1, -1)

    def __len__(self) -> int:
        return len(self.data)

    def class_counts(self) -> list[int]:
        """Number of images of each class."""
        return torch.bincount(self.data.labels, minlength=len(self.data.classes)).tolist()

    def begin_epoch(self, seed: int, epoch: int) -> None:
        """Selects the augmentation of an epoch; equal seeds and epochs give equal results on any device."""
        self._epoch.copy_(torch.tensor([seed, epoch]))

    def _draws(self) -> Draws:
        """The augmentation of the selected epoch, drawn once."""
        assert self.augmentation is not None
        seed, epoch = self._epoch.tolist()
        if self._drawn != (seed, epoch):
            height, width = self.data.images.shape[2:]
            generator = torch_stream(seed, "augmentation", epoch)
            self._all_draws = self.augmentation.draw(len(self), (height, width), generator).to(self.data.images.device)
            self._drawn = (seed, epoch)
        return self._all_draws

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """One image, (c, h, w), and its label."""
        batch = self.__getitems__([index])
        return {name: value[0] for name, value in batch.items()}

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """A batch: normalized `inputs`, float32 (b, c, h, w), and labels as `data_samples`, int64 (b,)."""
        rows = torch.as_tensor(indices, device=self.data.images.device)
        images = self.data.images[rows]
        if self.augmentation is None:
            images = normalize(images, self.data)
        else:
            draws = self._draws().rows(rows)
            images = normalize(self.augmentation.crop_and_flip(images, draws), self.data)
            images = self.augmentation.cut_out(images, draws)
        return {"inputs": images, "data_samples": self.data.labels[rows]}


@DATA_SAMPLERS.register_module()
class ArraySampler(DefaultSampler):
    """MMEngine's default sampler, which also passes seed and epoch to an `ArrayDataset`.

    Args:
        dataset: The data set.
        shuffle: Whether to shuffle.
        seed: Seed of shuffling and augmentation; `None` for a random one that all processes share.
        round_up: As for `DefaultSampler`.

    Raises:
        UserError: The data set is no `ArrayDataset`.
    """

    def __init__(self, dataset: ArrayDataset, shuffle: bool = True, seed: int | None = None, round_up: bool = True):
        if not isinstance(dataset, ArrayDataset):
            raise UserError(f"ArraySampler samples from an ArrayDataset, not from a {type(dataset).__name__}")
        super().__init__(dataset, shuffle, seed, round_up)
        self.images = dataset
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Called by MMEngine before each epoch."""
        super().set_epoch(epoch)
        self.images.begin_epoch(self.seed, epoch)


@FUNCTIONS.register_module()
def whole_batch(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Collate function of data sets that return batches."""
    return batch
