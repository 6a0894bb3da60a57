"""Random transforms differ between epochs, and a resumed epoch draws what the uninterrupted one drew."""

import types

import numpy as np
import pytest
import torch
from helpers.mm import read
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

from relnas_mm.datasets.shapes import generate_shapes
from relnas_mm.engine.hooks import WorkerSeedHook

pytestmark = pytest.mark.mm
CONFIGS = {
    "CheckedVOCDataset": ("ssd/ssd160_relativenas-c16l6_4e_shapes-voc", "voc"),
    "CheckedCityscapesDataset": ("deeplabv3plus/deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_shapes", "cityscapes"),
    "CheckedCocoKeypointDataset": ("simple_baseline/td-hm_relativenas-c16l6_1xb32-12e_shapes-128x96", "coco_keypoints"),
    "ImageFolder": ("imagenet/relativenas-c8l5_1xb32-8e_shapes", "image_folder"),
    "ArrayDataset": ("cifar/relativenas-c8l5_1xb64-4e_shapes", "cifar10"),
}
"""A config of every kind of data set, and the layout that its data have."""


WORKERS = [{"num_workers": 0}, {"num_workers": 1}, {"num_workers": 2, "persistent_workers": True}]


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    root = tmp_path_factory.mktemp("shapes")
    for layout in {layout for _, layout in CONFIGS.values()}:
        splits = {"train": 10 if layout in ("cifar10", "image_folder") else 4}
        generate_shapes(root / layout, layout, splits, progress=False)
    return root


@pytest.fixture
def loader_of(shapes, monkeypatch):
    """Builds the training loader of a config, with the sampler in order, so that only the augmentation differs."""
    monkeypatch.setenv("SHAPES_ROOT", str(shapes))

    def build(kind, **options):
        config = read(CONFIGS[kind][0])
        scope = config.default_scope
        loader = {**config.train_dataloader, "batch_size": 2, "persistent_workers": False, **options}
        if kind != "ArrayDataset":
            loader["sampler"] = dict(type="DefaultSampler", shuffle=False)
            loader.pop("batch_sampler", None)
        else:
            loader["sampler"] = dict(type="ArraySampler", shuffle=False)
        with DefaultScope.overwrite_default_scope(scope):
            return Runner.build_dataloader(loader, seed=5)

    return build


def begin(loader, seed=5):
    """A training that starts or resumes: the hook as a Runner calls it."""
    hook = WorkerSeedHook()
    hook.before_train(types.SimpleNamespace(seed=seed, train_dataloader=loader))
    return hook


def epoch(hook, loader, number):
    hook.before_train_epoch(types.SimpleNamespace(epoch=number))
    loader.sampler.set_epoch(number)
    return [values(batch["inputs"]) for batch in loader]


def values(inputs):
    return np.concatenate([np.asarray(part, dtype=np.float64).ravel() for part in inputs])


def equal(first, second):
    return len(first) == len(second) > 0 and all(np.array_equal(*pair) for pair in zip(first, second))


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("kind", CONFIGS)
def test_epochs_differ_and_a_resumed_one_repeats(kind, workers, loader_of):
    loader = loader_of(kind, **workers)
    hook = begin(loader)
    first, second, third = (epoch(hook, loader, number) for number in range(3))
    assert not equal(first, second) and not equal(second, third)
    torch.manual_seed(99)  # another process has drawn other numbers
    resumed = loader_of(kind, **workers)
    assert equal(epoch(begin(resumed), resumed, 2), third)


def test_ranks_and_seeds_differ(loader_of, monkeypatch):
    kind, drawn = "CheckedVOCDataset", []
    for seed, rank in ((5, 0), (6, 0), (5, 1)):
        monkeypatch.setattr("relnas_mm.engine.hooks.worker_seed.get_rank", lambda rank=rank: rank)
        loader = loader_of(kind, num_workers=0)
        drawn.append(epoch(begin(loader, seed), loader, 0))
    assert not equal(drawn[0], drawn[1]) and not equal(drawn[0], drawn[2])


def passes(loader, count):
    """Passes over the data by MMEngine's iterator of loops that count iterations, which then waits two seconds."""
    from mmengine.runner.loops import _InfiniteDataloaderIterator

    begin(loader).before_train_epoch(types.SimpleNamespace(epoch=0))
    endless = _InfiniteDataloaderIterator(loader)
    return [[values(next(endless)["inputs"]) for _ in range(len(loader))] for _ in range(count)]


@pytest.mark.parametrize("workers", [dict(num_workers=0), dict(num_workers=1)])
def test_passes_of_an_iteration_based_loop_differ_and_repeat_after_a_resume(workers, loader_of, no_pauses):
    kind = "CheckedCityscapesDataset"
    drawn = passes(loader_of(kind, **workers), 3)
    assert not equal(drawn[0], drawn[1]) and not equal(drawn[1], drawn[2])
    torch.manual_seed(99)
    again = passes(loader_of(kind, **workers), 3)  # a resume skips what was read
    assert all(equal(*pair) for pair in zip(drawn, again))
