"""Whole networks trained from scratch: for as long as the strategy says, with the settings of the global search."""

import gzip
import math
import struct

import numpy as np
import pytest
import torch
from helpers import write_cifar10

from relnas_mm.architectures import BenchmarkArchitecture, Chain
from relnas_mm.datasets.arrays import Augmentation, load_images, normalize
from relnas_mm.errors import UserError
from relnas_mm.evaluators import StandAloneEvaluator
from relnas_mm.evaluators.execution import StreamedEpoch
from relnas_mm.networks import NetworkShape
from relnas_mm.spaces import MacroMicroSpace
from relnas_mm.strategies import Candidate, Group

pytestmark = pytest.mark.unit

CHAIN = Chain.uniform(3, 4)
TRAINING = dict(batch_size=8, lr=0.025, min_lr=0.0, drop_path_rate=0.0)


@pytest.fixture(scope="module")
def cifar(tmp_path_factory):
    return {"type": "cifar10", "data_root": str(write_cifar10(tmp_path_factory.mktemp("cifar"), 4))}


def score(evaluator, epochs=None, generation=0, architecture=CHAIN):
    candidate = Candidate(0, np.zeros(1), architecture, epochs)
    return evaluator.evaluate([Group(generation, 0, 1, 0.0, (candidate,))])[0][0]


def test_the_strategy_decides_on_the_epochs_and_the_scheduler_is_ahead(cifar, monkeypatch):
    rates, step = set(), torch.optim.SGD.step

    def watched_step(optimizer, *rest):
        rates.add(optimizer.param_groups[0]["lr"])
        return step(optimizer, *rest)

    monkeypatch.setattr(torch.optim.SGD, "step", watched_step)
    evaluator = StandAloneEvaluator(cifar, epochs=1, training=TRAINING, step_ahead=True)
    result = score(evaluator, epochs=4)
    expected = [0.0125 * (1 + math.cos(math.pi * (epoch + 1) / 4)) for epoch in range(4)]
    assert sorted(rates, reverse=True) == pytest.approx(expected) and min(rates) == 0
    assert result.metrics["epochs"] == 4
    assert result.metrics["search_params"] == CHAIN.cost(NetworkShape()).params
    assert score(evaluator).metrics["epochs"] == 1


def scored(monkeypatch, gives):
    """Lets every evaluation give loss and accuracy at will."""
    run = StreamedEpoch.run
    monkeypatch.setattr(StreamedEpoch, "run", lambda epoch, batches: run(epoch, batches) if epoch.training else gives())


def test_errors_of_the_best_epoch(cifar, monkeypatch):
    accuracies = iter([10.0, 40.0, 30.0, 20.0])
    scored(monkeypatch, lambda: (1.0, next(accuracies)))
    evaluator = StandAloneEvaluator(cifar, training=TRAINING, objective="error", best_epoch=True)
    result = score(evaluator, epochs=3)
    assert (result.loss, result.metrics["accuracy"]) == (60.0, 40.0)
    last = StandAloneEvaluator(cifar, training=TRAINING, objective="error")
    assert score(last, epochs=3).loss == 80.0


def test_a_diverged_network_has_no_error(cifar, monkeypatch):
    scored(monkeypatch, lambda: (math.nan, 10.0))
    assert math.isnan(score(StandAloneEvaluator(cifar, training=TRAINING, objective="error")).loss)


def test_validation_is_held_out_unless_it_is_the_test_set(cifar, tmp_path):
    train, test = load_images(**cifar), load_images(**cifar, split="test")
    held_out = StandAloneEvaluator(cifar, train_portion=0.9)
    assert len(held_out.train_data) + len(held_out.validation_data) == len(train)
    whole = StandAloneEvaluator(cifar, validation="test")
    assert len(whole.train_data) == len(train) and torch.equal(whole.validation_data.images, test.images)
    two = {"type": "cifar10", "data_root": str(write_cifar10(tmp_path, 4, classes=2)), "limit": 8}
    assert len(StandAloneEvaluator(two, validation="test").train_data) == 8


@pytest.mark.parametrize(
    "options, message",
    [
        (dict(validation="train"), "validation of StandAloneEvaluator is 'train'"),
        (dict(objective="accuracy"), "objective of StandAloneEvaluator is 'accuracy'"),
        (
            dict(space=MacroMicroSpace(in_channels=1)),
            "in_channels of MacroMicroSpace is 1, but that of the images is 3",
        ),
        (
            dict(space=MacroMicroSpace(num_classes=7)),
            "num_classes of MacroMicroSpace is 7, but that of the images is 10",
        ),
    ],
)
def test_bad_settings_are_named(cifar, options, message):
    with pytest.raises(UserError, match=message):
        StandAloneEvaluator(cifar, **options)


def test_other_architectures_are_refused(cifar):
    with pytest.raises(UserError, match="benchmark 0210 cannot be built as a network"):
        score(StandAloneEvaluator(cifar, training=TRAINING), architecture=BenchmarkArchitecture("0210"))


def test_small_images_are_padded_and_cropped_to_another_size():
    augmentation = Augmentation(padding=4, flip=False, cutout=0, crop=32)
    images = torch.randint(1, 256, (50, 1, 28, 28), dtype=torch.uint8)
    draws = augmentation.draw(50, (28, 28), torch.Generator().manual_seed(0))
    assert set(draws.corner.flatten().tolist()) == set(range(5))
    padded = torch.nn.functional.pad(images, [4] * 4)
    for image, whole, (row, column) in zip(augmentation.crop_and_flip(images, draws), padded, draws.corner.tolist()):
        assert torch.equal(image, whole[:, row : row + 32, column : column + 32])
    with pytest.raises(UserError, match="crop is 64; images of"):
        Augmentation(crop=64).draw(1, (28, 28), torch.Generator())
    with pytest.raises(UserError, match="crop is 0"):
        Augmentation(crop=0)
    flat = Augmentation(padding=0, crop=4).draw(99, (4, 6), torch.Generator())
    assert flat.corner.max(dim=0).values.tolist() == [0, 2]


def write_emnist(folder):
    """Two classes in EMNIST's file names."""
    for split in ("train", "test"):
        for kind, values in (
            ("images", np.arange(4 * 28 * 28, dtype=np.uint8).reshape(4, 28, 28)),
            ("labels", [0, 1, 1, 0]),
        ):
            array = np.asarray(values, np.uint8)
            header = struct.pack(">4B", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
            path = folder / f"emnist-balanced-{split}-{kind}-idx{array.ndim}-ubyte.gz"
            path.write_bytes(gzip.compress(header + array.tobytes()))


def test_emnist_by_its_own_names(tmp_path):
    write_emnist(tmp_path)
    data = load_images("emnist-balanced", tmp_path, split="test")
    assert data.images.shape == (4, 1, 28, 28) and data.labels.tolist() == [0, 1, 1, 0]
    assert normalize(data.images, data).min() == pytest.approx(-0.1751 / 0.3332)
    with pytest.raises(UserError, match="holds no emnist-balanced-train-images-idx3-ubyte"):
        load_images("emnist-balanced", tmp_path.parent)
