"""The CIFAR-10 layout is a task: colour says nothing, and a small network learns it."""

import numpy as np
import pytest
import torch
from torch import nn

from relnas_mm.datasets.shapes import take

pytestmark = pytest.mark.unit
NUM_TRAIN, NUM_TEST = 1200, 300


@pytest.fixture(scope="module")
def data() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    def load(split: str, count: int) -> tuple[np.ndarray, np.ndarray]:
        shots = [take("cifar10", 0, split, i, (32, 32)) for i in range(count)]
        return np.stack([shot.image for shot in shots]), np.array([shot.label for shot in shots])

    return {"train": load("train", NUM_TRAIN), "test": load("test", NUM_TEST)}


def nearest_centroid(train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray]) -> float:
    centroids = np.stack([train[0][train[1] == label].mean(0) for label in range(10)])
    distances = ((test[0][:, None] - centroids) ** 2).sum(-1)
    return float((distances.argmin(1) == test[1]).mean())


def test_mean_colour_does_not_predict_the_class(data):
    train, test = ((images.mean((1, 2)), labels) for images, labels in data.values())
    assert nearest_centroid(train, test) < 0.18


def test_average_pictures_do_not_predict_the_class(data):
    flat = [(images.reshape(len(images), -1).astype(float), labels) for images, labels in data.values()]
    assert nearest_centroid(*flat) < 0.2


def test_a_small_network_clearly_beats_chance(data):
    torch.manual_seed(0)
    x, test_x = (torch.from_numpy(images).permute(0, 3, 1, 2) / 128 - 1 for images, _ in data.values())
    y, test_y = (torch.from_numpy(labels) for _, labels in data.values())

    def block(inner: int, outer: int, stride: int) -> nn.Sequential:
        conv = nn.Conv2d(inner, outer, 3, stride, 1, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(outer), nn.ReLU())

    net = nn.Sequential(
        block(3, 16, 2), block(16, 32, 1), block(32, 48, 2), block(48, 64, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip
    epochs, batch = 12, 40
    optimizer = torch.optim.AdamW(net.parameters(), 1e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, epochs * len(x) // batch)
    for _ in range(epochs):
        for chosen in torch.randperm(len(x)).split(batch):
            flip = torch.rand(len(chosen), 1, 1, 1) < 0.5
            loss = nn.functional.cross_entropy(net(torch.where(flip, x[chosen].flip(-1), x[chosen])), y[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    net.eval()
    with torch.no_grad():
        accuracy = (net(test_x).argmax(1) == test_y).float().mean().item()
    assert accuracy > 0.25  # chance is 0.1, with a standard deviation of 0.017
