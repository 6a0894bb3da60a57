"""The memory of a search, estimated before it starts."""

import pytest
import torch
from helpers import write_cifar10
from torch import nn

from relnas_mm.evaluators import SupernetEvaluator
from relnas_mm.evaluators.memory_estimate import MIB, MemoryEstimate, saved_activation_bytes

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_what_is_kept_is_counted_once(device):
    with torch.device(device):
        conv = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        network = nn.Sequential(conv, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5))
        kept = saved_activation_bytes(network, torch.zeros(4, 3, 16, 16), torch.zeros(4, dtype=torch.long))
    images, maps = (
        4 * 3 * 16 * 16,
        4 * 8 * 16 * 16,
    )  # the pool keeps the output of ReLU as well
    least = 4 * (images + maps)
    assert least <= kept <= least + 4 * (4 * 8 + 4 * 5 * 2) + 100


def test_it_grows_with_the_batch(tmp_path):
    data = {"type": "cifar10", "data_root": str(write_cifar10(tmp_path, 80))}
    network = {"init_channels": 4, "num_cells": 3}
    small, large = (SupernetEvaluator(data, network, {"batch_size": size}).memory_estimate() for size in (10, 20))
    assert small.images == large.images and small.weights == large.weights
    weights_and_momentum = 2 * small.step - large.step
    assert 0 < weights_and_momentum < small.weights


def test_a_device_with_less_memory_is_named(monkeypatch):
    estimate = MemoryEstimate(images=MIB, weights=2 * MIB, step=30 * MIB, device=torch.device("cpu"))
    assert estimate.sentence() == "memory, estimated: 33 MiB (a training step 30, weights 2, images 1)"
    monkeypatch.setattr("relnas_mm.evaluators.memory_estimate.device_memory", lambda device: 32 * MIB)
    assert estimate.sentence().endswith("; cpu has 32 MiB only: lower batch_size")
