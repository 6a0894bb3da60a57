"""Augmented batches against the usual pipeline, one image at a time."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from relnas_mm.datasets.arrays import Augmentation, ImageArrays, epoch_batches, normalize
from relnas_mm.errors import UserError

pytestmark = pytest.mark.unit
MEAN, STD = (0.49, 0.48, 0.44), (0.24, 0.25, 0.26)


def images(n, side=8, seed=0):
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (n, 3, side, side), dtype=torch.uint8, generator=generator)
    return ImageArrays(pixels, torch.arange(n), tuple(map(str, range(n))), MEAN, STD)


def one_by_one(data, augmentation, draws, index):
    """Zero padding, crop, flip, scaling, normalization and cutout of one image, in NumPy."""
    pad, side = augmentation.padding, data.images.shape[-1]
    padded = np.pad(data.images[index].numpy(), ((0, 0), (pad, pad), (pad, pad)))
    top, left = draws.corner[index].tolist()
    image = padded[:, top : top + side, left : left + side]
    image = image[:, :, ::-1] if draws.flip[index] else image
    image = (image.astype(np.float32) / 255 - np.float32(MEAN)[:, None, None]) / np.float32(STD)[:, None, None]
    row, column = draws.hole[index].tolist()
    half = augmentation.cutout // 2
    mask = np.ones((side, side), np.float32)
    mask[max(row - half, 0) : row + half, max(column - half, 0) : column + half] = 0
    return image * mask


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 4), st.integers(0, 6), st.booleans())
def test_a_batch_is_the_pipeline_one_by_one(seed, padding, cutout, flip):
    data, augmentation = images(5), Augmentation(padding, flip, cutout)
    draws = augmentation.draw(5, (8, 8), torch.Generator().manual_seed(seed))
    result = augmentation.cut_out(normalize(augmentation.crop_and_flip(data.images, draws), data), draws)
    for index in range(5):
        assert np.array_equal(result[index].numpy(), one_by_one(data, augmentation, draws, index))
    if not flip:
        assert not draws.flip.any()


def test_draws_reach_all_places():
    draws = Augmentation(4, True, 16).draw(5000, (32, 32), torch.Generator().manual_seed(0))
    assert draws.corner.unique().tolist() == list(range(9))
    assert draws.hole.unique().tolist() == list(range(32))
    assert 0.45 < draws.flip.float().mean() < 0.55


def test_an_epoch_holds_each_image_once_whatever_the_batch_size():
    data = images(11)
    epochs = []
    for size in (4, 11, 100):
        generator = torch.Generator().manual_seed(3)
        batches = list(epoch_batches(data, size, generator, Augmentation(2, True, 4)))
        assert [len(labels) for _, labels in batches] == {4: [4, 4, 3], 11: [11], 100: [11]}[size]
        epochs.append([torch.cat(part) for part in zip(*batches)])
    assert epochs[0][1].sort().values.tolist() == list(range(11)) and epochs[0][1].tolist() != list(range(11))
    for epoch in epochs[1:]:
        assert torch.equal(epoch[0], epochs[0][0]) and torch.equal(epoch[1], epochs[0][1])


def test_without_a_generator_nothing_is_random():
    data = images(4)
    ((batch, labels),) = epoch_batches(data, 4, augmentation=Augmentation(), memory_format=torch.channels_last)
    assert labels.tolist() == [0, 1, 2, 3] and torch.equal(batch, normalize(data.images, data))
    assert batch.is_contiguous(memory_format=torch.channels_last)


def test_negative_lengths():
    with pytest.raises(UserError, match="padding is -1"):
        Augmentation(padding=-1)
