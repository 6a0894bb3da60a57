"""Parameters and multiply-adds against the published counts and against counting a real network."""

import numpy as np
import pytest
import torch

from relnas_mm.architectures import CHAINS, GENOTYPES
from relnas_mm.networks import Cost, NetworkShape
from relnas_mm.spaces import CellSpace

pytestmark = pytest.mark.unit
CIFAR = NetworkShape(36, 20)


@pytest.mark.golden
@pytest.mark.parametrize(
    ("name", "shape", "cost"),
    [
        ("relativenas", CIFAR, Cost(3_928_222, 616_832_640)),
        ("relativenas", NetworkShape(36, 20, 100), Cost(3_980_152, 616_884_480)),
        ("darts_v2", CIFAR, Cost(3_349_342, 528_359_040)),
        ("darts_v1", CIFAR, Cost(3_169_414, 500_987_520)),
        ("relativenas", NetworkShape(46, 14, 1000, 3, "imagenet", 224), Cost(5_050_029, 562_973_760)),
        ("darts_v2", NetworkShape(48, 14, 1000, 3, "imagenet", 224), Cost(4_718_752, 529_911_552)),
    ],
)
def test_published_costs(name, shape, cost):
    assert GENOTYPES[name].cost(shape) == cost


def counted(network, image):
    """Multiply-adds by watching a forward pass."""
    total = 0

    def watch(module, inputs, output):
        nonlocal total
        total += module.weight.numel() * (output[0, 0].numel() if output.dim() == 4 else 1)

    for module in network.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            module.register_forward_hook(watch)
    network(image)
    return total


def assert_counted(architecture, shape):
    """The cost that is known beforehand is that of the network."""
    network = architecture.build(shape).eval()
    image = torch.zeros(1, shape.in_channels, shape.image_size, shape.image_size)
    expected = Cost(sum(p.numel() for p in network.parameters()), counted(network, image))
    assert architecture.cost(shape) == expected


@pytest.mark.parametrize("size", [8, 13])
def test_random_genotypes_are_counted_as_a_forward_pass_does(size):
    for vector in CellSpace().sample(np.random.default_rng(0), 4):
        assert_counted(CellSpace().decode(vector), NetworkShape(2, 5, 7, image_size=size))


@pytest.mark.parametrize("stem", ["cifar", "imagenet"])
@pytest.mark.parametrize("architecture", [GENOTYPES["nasnet"], CHAINS["macro_micro_cifar10_t"]], ids=str)
def test_every_stem_and_family_is_counted(architecture, stem):
    assert_counted(architecture, NetworkShape(4, 5, 3, 1, stem, 45))
