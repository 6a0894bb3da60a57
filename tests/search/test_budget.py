"""Budgets of every family of architectures: what they count is what a network has."""

import pytest
import torch
from torch import nn

from relnas_mm.architectures import CHAINS, GENOTYPES, BenchmarkArchitecture, Chain
from relnas_mm.errors import UserError
from relnas_mm.networks import NetworkShape
from relnas_mm.search.budget import Budget

pytestmark = pytest.mark.unit
ARCHITECTURES = {
    "genotype": GENOTYPES["amoebanet"],
    "chain": Chain.uniform(5, 6).with_layer(1, operation="conv").with_layer(3, kernel=7),
}


@pytest.mark.parametrize("stem, image_size", [("cifar", 32), ("imagenet", 96)])
@pytest.mark.parametrize("family", ARCHITECTURES)
def test_costs_are_those_of_a_real_network(family, stem, image_size):
    architecture = ARCHITECTURES[family]
    network = dict(init_channels=4, num_cells=4, num_classes=6, stem=stem, image_size=image_size)
    model, macs = architecture.build(NetworkShape(**network)).eval(), []
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.register_forward_hook(lambda m, _, out: macs.append(out.numel() * m.weight[0].numel()))
    model(torch.zeros(1, 3, image_size, image_size))
    budget = Budget(network)
    assert budget.costs(architecture) == {"params": sum(p.numel() for p in model.parameters()), "macs": sum(macs)}
    assert budget.allows(architecture)


def test_the_budget_of_a_published_chain_is_the_published_size():
    costs = Budget().costs(CHAINS["macro_micro_cifar10_t"])
    assert round(costs["params"] / 1e6, 3) == 0.466


@pytest.mark.parametrize("family", ARCHITECTURES)
def test_a_window_lets_through_what_is_inside(family):
    architecture, network = ARCHITECTURES[family], dict(init_channels=4, num_cells=4)
    costs = Budget(network).costs(architecture)
    assert Budget(network, max_params=costs["params"], min_macs=costs["macs"]).allows(architecture)
    assert not Budget(network, max_params=costs["params"] - 1).allows(architecture)
    assert not Budget(network, min_macs=costs["macs"] + 1).allows(architecture)
    assert not Budget(network, min_params=costs["params"] + 1).allows(architecture)
    assert Budget(network, max_latency=1e6).allows(architecture)
    assert not Budget(network, max_latency=0.0).allows(architecture)


def test_an_architecture_of_a_benchmark_has_no_cost():
    with pytest.raises(UserError, match="nothing is known of the cost of benchmark 021; leave out the budget"):
        Budget(max_params=1).allows(BenchmarkArchitecture("021"))
