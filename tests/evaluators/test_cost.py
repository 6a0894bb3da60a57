"""Parameters and multiply-adds against the published counts and against counting a real network."""

import numpy as np
import pytest
import torch

from relnas_mm.architectures import GENOTYPES
from relnas_mm.evaluators.supernet.initial_weights import NetworkShape
from relnas_mm.evaluators.supernet.op_ids import separate_op_ids
from relnas_mm.networks.classifier import CellNetwork
from relnas_mm.networks.cost import Cost, CostModel
from relnas_mm.spaces import CellSpace

pytestmark = pytest.mark.unit


@pytest.mark.golden
@pytest.mark.parametrize(
    ("name", "model", "cost"),
    [
        ("relativenas", CostModel(), Cost(3_928_222, 616_832_640)),
        ("relativenas", CostModel(num_classes=100), Cost(3_980_152, 616_884_480)),
        ("darts_v2", CostModel(), Cost(3_349_342, 528_359_040)),
        ("darts_v1", CostModel(), Cost(3_169_414, 500_987_520)),
        ("relativenas", CostModel(46, 14, "imagenet", 224, 1000), Cost(5_050_029, 562_973_760)),
        ("darts_v2", CostModel(48, 14, "imagenet", 224, 1000), Cost(4_718_752, 529_911_552)),
    ],
)
def test_published_costs(name, model, cost):
    assert model(GENOTYPES[name]) == cost


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


@pytest.mark.parametrize("size", [8, 13])
def test_random_genotypes_are_counted_as_a_forward_pass_does(size):
    for vector in CellSpace().sample(np.random.default_rng(0), 4):
        genotype = CellSpace().decode(vector)
        network = CellNetwork(genotype, NetworkShape(2, 5, 7), separate_op_ids).eval()
        expected = Cost(sum(p.numel() for p in network.parameters()), counted(network, torch.zeros(1, 3, size, size)))
        assert CostModel(2, 5, "cifar", size, 7)(genotype) == expected
