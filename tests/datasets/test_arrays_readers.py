"""Reading small images: layouts, damage, and pickles that want to run code."""

import gzip
import os
import pickle
import struct
import subprocess
import sys

import numpy as np
import pytest
import torch
from helpers import write_cifar10
from PIL import Image

from relnas_mm.datasets.arrays import load_images, split_for_search
from relnas_mm.datasets.arrays.catalog import _scaled
from relnas_mm.errors import UserError

pytestmark = pytest.mark.unit


@pytest.fixture
def cifar(tmp_path):
    return write_cifar10(tmp_path / "data")


def test_cifar10_is_read_from_either_folder(cifar):
    data = load_images("cifar10", cifar)
    assert data.images.shape == (100, 3, 32, 32) and data.images.dtype == torch.uint8
    assert data.labels.dtype == torch.int64 and data.classes[3] == "c3"
    assert torch.equal(load_images("cifar10", cifar / "cifar-10-batches-py").images, data.images)
    assert len(load_images("cifar10", cifar, split="test")) == 20
    assert torch.equal(load_images("cifar10", cifar, limit=70).images, data.images[:70])


def test_cifar100_takes_the_fine_labels(tmp_path):
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    content = {"data": np.zeros((4, 3072), np.uint8), "fine_labels": [0, 99, 5, 6], "coarse_labels": [0, 1, 2, 3]}
    (folder / "train").write_bytes(pickle.dumps(content))
    (folder / "meta").write_bytes(pickle.dumps({"fine_label_names": [f"f{k}" for k in range(100)]}))
    data = load_images("cifar100", tmp_path, num_classes=100)
    assert data.labels.tolist() == [0, 99, 5, 6] and len(data.classes) == 100


@pytest.mark.data
def test_the_recompressed_copy_of_cifar10(data_root, tmp_path):
    script = data_root / "cifar10-mini" / "unpack_cifar10.py"
    subprocess.run([sys.executable, script, "--out", tmp_path], check=True, stdout=subprocess.DEVNULL)
    data = load_images("cifar10", tmp_path, num_classes=10)
    assert len(data) == 5000 and data.classes[0] == "airplane"
    assert torch.bincount(data.labels).tolist() == [500] * 10
    mean = data.images.float().mean(dim=(0, 2, 3)) / 255
    assert torch.allclose(mean, torch.tensor(data.mean), atol=0.02)


@pytest.mark.data
def test_the_real_fashionmnist(data_root):
    data = load_images("idx", data_root / "fashionmnist", split="test", num_classes=10)
    assert data.images.shape == (10000, 1, 28, 28) and torch.bincount(data.labels).tolist() == [1000] * 10


class Malicious:
    def __reduce__(self):
        return os.system, ("touch /tmp/relnas-was-here",)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("data_batch_2", b"\x80\x02garbage", "not a readable CIFAR batch"),
        ("data_batch_3", b"", "not a readable CIFAR batch"),
        ("data_batch_1", pickle.dumps(Malicious()), "asks for posix.system"),
        ("data_batch_1", pickle.dumps([1, 2]), "holds a list"),
        ("data_batch_4", pickle.dumps({"data": [1], "labels": [1]}), "not an array of bytes"),
        (
            "data_batch_4",
            pickle.dumps({"data": np.zeros((2, 3072), "u1"), "labels": [1]}),
            "no 'labels' of that",
        ),
        ("data_batch_4", pickle.dumps({"data": np.zeros((1, 100), "u1"), "labels": [1]}), "100 bytes"),
        ("data_batch_5", pickle.dumps({"data": np.zeros((1, 3072), "u1"), "labels": [10]}), "labels from 10 to 10"),
        ("batches.meta", pickle.dumps({}), "no list 'label_names'"),
    ],
)
def test_a_damaged_batch_is_named_and_runs_no_code(cifar, name, content, says):
    (cifar / "cifar-10-batches-py" / name).write_bytes(content)
    with pytest.raises(UserError, match=name) as error:
        load_images("cifar10", cifar)
    assert says in str(error.value)
    assert not os.path.exists("/tmp/relnas-was-here")


def test_a_truncated_batch_is_named(cifar):
    path = cifar / "cifar-10-batches-py" / "data_batch_3"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match="data_batch_3"):
        load_images("cifar10", cifar)


def test_what_is_missing_is_named(cifar, tmp_path):
    (cifar / "cifar-10-batches-py" / "data_batch_3").unlink()
    with pytest.raises(UserError, match="lacks data_batch_3"):
        load_images("cifar10", cifar)
    empty = tmp_path / "empty"
    empty.mkdir()
    for kind, says in (("cifar10", "holds no cifar10 data"), ("idx", "train-images"), ("folder", "no folder 'train'")):
        with pytest.raises(UserError, match=says):
            load_images(kind, empty)
    with pytest.raises(UserError, match="does not exist"):
        load_images("cifar10", tmp_path / "nowhere")


def test_classes_and_options_are_checked(cifar):
    with pytest.raises(UserError, match="num_classes is 100, but .* has 10 classes"):
        load_images("cifar10", cifar, num_classes=100)
    types = "'cifar10', 'cifar100', 'idx', 'fashionmnist', 'kmnist', 'emnist-balanced', 'folder'"
    with pytest.raises(UserError, match=types):
        load_images("cifar", cifar)
    with pytest.raises(UserError, match="limit is 1000"):
        load_images("cifar10", cifar, limit=1000)
    with pytest.raises(UserError, match="'train', 'test'"):
        load_images("cifar10", cifar, split="val")
    with pytest.raises(UserError, match="3 channels"):
        load_images("cifar10", cifar, mean=(0.5,), std=(0.5,))


def idx(array):
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def test_idx_plain_and_compressed(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (6, 5, 4), dtype=np.uint8)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(images))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.array([0, 1, 2, 0, 1, 2], np.uint8))))
    data = load_images("idx", tmp_path)
    assert (data.images[:, 0].numpy() == images).all() and data.classes == ("0", "1", "2")
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(images)[:-1])
    with pytest.raises(UserError, match="train-images-idx3-ubyte' is damaged"):
        load_images("idx", tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(images[:5]))
    with pytest.raises(UserError, match="5 images"):
        load_images("idx", tmp_path)


@pytest.mark.parametrize(
    ("kind", "inside"), [("fashionmnist", "FashionMNIST/raw"), ("kmnist", "KMNIST/raw"), ("kmnist", "raw")]
)
def test_the_folders_that_torchvision_writes(tmp_path, kind, inside):
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    (tmp_path / inside).mkdir(parents=True)
    (tmp_path / inside / "t10k-images-idx3-ubyte").write_bytes(idx(images))
    (tmp_path / inside / "t10k-labels-idx1-ubyte").write_bytes(idx(np.array([2, 0, 1], np.uint8)))
    data = load_images(kind, tmp_path, split="test")
    assert (data.images[:, 0].numpy() == images).all() and data.labels.tolist() == [2, 0, 1]


@pytest.fixture
def folder(tmp_path):
    for split in ("train", "val"):
        for label, name in enumerate(("cat", "dog")):
            (tmp_path / split / name).mkdir(parents=True)
            Image.new("RGB", (60, 40), (100 * label, 0, 0)).save(tmp_path / split / name / "a.png")
            Image.new("L", (20, 20), 9).save(tmp_path / split / name / "b.jpg")
    return tmp_path


def test_image_folder(folder):
    data = load_images("folder", folder, size=32)
    assert data.images.shape == (4, 3, 32, 32) and data.labels.tolist() == [0, 0, 1, 1]
    assert data.classes == ("cat", "dog") and data.images[2, 0].unique().tolist() == [100]
    assert len(load_images("folder", folder, split="test")) == 4


def test_image_folder_with_faults(folder):
    (folder / "train" / "dog" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    with pytest.raises(UserError, match=r"dog/a.png' is not a readable image"):
        load_images("folder", folder)
    for path in (folder / "train" / "cat").iterdir():
        path.unlink()
    with pytest.raises(UserError, match=r"train/cat' holds no image"):
        load_images("folder", folder)
    (folder / "val" / "bird").mkdir()
    with pytest.raises(UserError, match=r"\['bird', 'cat', 'dog'\]"):
        load_images("folder", folder, split="test")


def test_the_split_depends_on_the_seed_only(cifar):
    data = load_images("cifar10", cifar)
    first, second = split_for_search(data, 3)
    assert len(first) == len(second) == 50
    assert torch.equal(split_for_search(data, 3)[0].images, first.images)
    assert not torch.equal(split_for_search(data, 4)[0].images, first.images)
    both = torch.cat([first.images, second.images]).flatten(1).sum(1).sort().values
    assert torch.equal(both, data.images.flatten(1).sum(1).sort().values)
    with pytest.raises(UserError, match=r"train_portion is 1.0"):
        split_for_search(data, 3, 1.0)


def write_folder(root, counts, split="train"):
    for name, count in counts.items():
        (root / split / name).mkdir(parents=True)
        for number in range(count):
            Image.new("RGB", (8, 8), (number, 0, 0)).save(root / split / name / f"{number:03}.png")


def test_a_limit_takes_images_of_all_classes(tmp_path):
    write_folder(tmp_path, {"bar": 40, "check": 2, "disc": 40})
    data = load_images("folder", tmp_path, size=8, limit=12, num_classes=3)
    assert torch.bincount(data.labels).tolist() == [5, 2, 5]
    assert data.images[:5, 0, 0, 0].tolist() == [0, 1, 2, 3, 4]
    assert len(load_images("folder", tmp_path, size=8, limit=82)) == 82
    for limit in (2, 83):
        with pytest.raises(UserError, match=f"limit is {limit}; .* has 82 images of 3 classes, .* from 3 to 82"):
            load_images("folder", tmp_path, size=8, limit=limit)


def test_a_limit_that_drops_a_class_is_refused(cifar):
    with pytest.raises(UserError, match=r"the first 3 images of .*data' \(train\) leave out \d+ of 10 classes \("):
        load_images("cifar10", cifar, limit=3)


def test_images_are_scaled_on_demand(tmp_path):
    root = write_cifar10(tmp_path, 4)
    small = load_images("cifar10", root)
    large = load_images("cifar10", root, size=64)
    assert large.images.shape == (20, 3, 64, 64) and large.images.dtype == torch.uint8
    assert torch.equal(large.labels, small.labels)
    halved = load_images("cifar10", root, size=16).images
    # each pixel of the half is the mean of four, to within what the antialiasing filter adds from its neighbours
    means = torch.nn.functional.avg_pool2d(small.images.float(), 2)
    assert (halved.float() - means).abs().mean() < 12
    flat = torch.full((1, 3, 32, 32), 77, dtype=torch.uint8)
    assert set(_scaled(flat, 64).unique().tolist()) == {77}
    for size in (0, 2000, True, 1.5):
        with pytest.raises(UserError, match="size is"):
            load_images("cifar10", root, size=size)
