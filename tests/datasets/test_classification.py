"""Data for classification behind MMEngine's loader."""

import numpy as np
import pytest
import torch
from helpers import write_cifar10
from mmengine.registry import DATASETS, TRANSFORMS
from mmengine.runner import Runner
from PIL import Image

import relnas_mm  # noqa: F401
from relnas_mm.datasets.arrays import Augmentation, epoch_batches, load_images
from relnas_mm.datasets.classification import ArrayDataset, ArraySampler, ImageFolder
from relnas_mm.errors import UserError
from relnas_mm.seeding import torch_stream

pytestmark = pytest.mark.mm


@pytest.fixture(scope="module")
def cifar(tmp_path_factory):
    return dict(type="cifar10", data_root=str(write_cifar10(tmp_path_factory.mktemp("cifar"), images_per_batch=8)))


def loader(data, seed=3, batch_size=16, **dataset):
    return Runner.build_dataloader(
        dict(
            batch_size=batch_size,
            num_workers=0,
            collate_fn=dict(type="whole_batch"),
            sampler=dict(type="ArraySampler", shuffle=True),
            dataset=dict(type="ArrayDataset", data=data, **dataset),
        ),
        seed=seed,
    )


def epoch(batches, number=0):
    batches.sampler.set_epoch(number)
    parts = list(batches)
    order = torch.tensor(list(batches.sampler))
    return order, torch.cat([part["inputs"] for part in parts]), torch.cat([part["data_samples"] for part in parts])


def test_batches_without_augmentation_are_the_images(cifar):
    order, images, labels = epoch(loader(cifar))
    data = load_images(**cifar)
    ((expected, expected_labels),) = epoch_batches(data, len(data))
    assert sorted(order.tolist()) == list(range(40)) and order.tolist() != list(range(40))
    assert torch.equal(images, expected[order]) and torch.equal(labels, expected_labels[order])


def test_what_happens_to_an_image_depends_on_seed_and_epoch_alone(cifar):
    def by_image(**change):
        number = change.pop("epoch", 0)
        order, images, _ = epoch(loader(cifar, augmentation=dict(padding=4, cutout=8), **change), number)
        return images[order.argsort()]

    first = by_image()
    assert torch.equal(first, by_image(batch_size=7)) and torch.equal(first, by_image(epoch=0))
    assert not torch.equal(first, by_image(epoch=1)) and not torch.equal(first, by_image(seed=4))
    data = load_images(**cifar)
    augmentation = Augmentation(padding=4, cutout=8)
    draws = augmentation.draw(len(data), (32, 32), torch_stream(3, "augmentation", 0))
    from relnas_mm.datasets.arrays import normalize

    expected = augmentation.cut_out(normalize(augmentation.crop_and_flip(data.images, draws), data), draws)
    assert torch.equal(first, expected)


def test_one_image_and_its_classes(cifar):
    dataset = ArrayDataset(cifar, device="cpu")
    sample = dataset[5]
    assert sample["inputs"].shape == (3, 32, 32) and sample["data_samples"].shape == ()
    assert len(dataset.metainfo["classes"]) == 10
    with pytest.raises(UserError, match="ArrayDataset, not from a list"):
        ArraySampler([1, 2, 3])


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for split in ("train", "val"):
        for name in ("b", "a", "c"):
            (tmp_path / split / name).mkdir(parents=True)
            for number in range(2):
                pixels = rng.integers(0, 255, (20, 30, 3)).astype(np.uint8)
                Image.fromarray(pixels).save(tmp_path / split / name / f"{number}.png")
    return tmp_path


PIPELINE = [
    dict(type="LoadRGBImage"),
    dict(type="torchvision/RandomResizedCrop", size=16),
    dict(type="torchvision/RandomHorizontalFlip"),
    dict(type="PackClassificationInputs"),
]


def test_folders(folder):
    dataset = DATASETS.build(dict(type="ImageFolder", data_root=str(folder), pipeline=PIPELINE, num_classes=3))
    assert dataset.metainfo["classes"] == ("a", "b", "c")
    assert [dataset.get_data_info(i)["gt_label"] for i in range(6)] == [0, 0, 1, 1, 2, 2]
    sample = dataset[3]
    assert (
        sample["inputs"].shape == (3, 16, 16)
        and sample["inputs"].dtype == torch.uint8
        and int(sample["data_samples"]) == 1
    )
    plain = ImageFolder(str(folder), pipeline=[PIPELINE[0], PIPELINE[-1]])
    pixels = np.asarray(Image.open(folder / "train" / "a" / "0.png"))
    assert np.array_equal(plain[0]["inputs"].numpy(), pixels.transpose(2, 0, 1))


def test_bad_folders_and_transforms(folder):
    with pytest.raises(UserError, match=r"num_classes is 5, but .*train' has 3 classes"):
        ImageFolder(str(folder), num_classes=5)
    with pytest.raises(UserError, match=r"nowhere' does not exist"):
        ImageFolder(str(folder), split="nowhere")
    with pytest.raises(UserError, match="bad torchvision/RandomResizedCrop"):
        TRANSFORMS.build(dict(type="torchvision/RandomResizedCrop", side=3))
    (folder / "train" / "a" / "0.png").write_bytes(b"no image")
    with pytest.raises(UserError, match=r"0\.png' is not a readable image"):
        ImageFolder(str(folder), pipeline=PIPELINE)[0]


@pytest.mark.data
def test_real_faces_in_folders(data_root):
    dataset = ImageFolder(str(data_root / "orl-faces"), split="test", pipeline=PIPELINE)
    assert len(dataset) == 76 and len(dataset.metainfo["classes"]) == 38
    assert dataset[0]["inputs"].shape == (3, 16, 16)
