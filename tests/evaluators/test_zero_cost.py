"""Zero-cost proxies against their definitions."""

import math

import numpy as np
import pytest
import torch
from helpers import write_cifar10

from relnas_mm.architectures import GENOTYPES, Chain, NASBench201Cell
from relnas_mm.errors import UserError
from relnas_mm.evaluators import ZeroCostEvaluator
from relnas_mm.evaluators.zero_cost import PROXIES, naswot, synflow
from relnas_mm.networks import NetworkShape
from relnas_mm.strategies import Candidate, Group

pytestmark = pytest.mark.unit
SHAPE = NetworkShape(init_channels=4, num_cells=3)
CONVS, NONE = (NASBench201Cell.of([name] * 6) for name in ("nor_conv_3x3", "none"))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return {"type": "cifar10", "data_root": str(write_cifar10(tmp_path_factory.mktemp("cifar"), 12))}


def evaluated(evaluator, *architectures):
    candidates = tuple(Candidate(number, np.zeros(1), each) for number, each in enumerate(architectures))
    return evaluator.evaluate([Group(0, 0, 1, 0.0, candidates)])[0]


class Plain:
    """Stands for an architecture, with a network that is given."""

    def __init__(self, network):
        self.network = network

    def build(self, shape, backend):
        return self.network


def test_synflow_of_two_layers_is_what_passes_through_them():
    """The sum of |weight * gradient| of each layer is the output itself, for positive weights without biases."""
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 1, bias=False),
        torch.nn.BatchNorm2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(2, 1, bias=False),
    )
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[[[-2.0]]], [[[3.0]]]]))
        network[3].weight.copy_(torch.tensor([[5.0, -7.0]]))
    score = synflow(Plain(network), SHAPE, torch.zeros(1, 1, 1, 1))
    assert score == pytest.approx(math.log(2 * (2 * 5 + 3 * 7)))


def test_naswot_of_one_relu_is_the_kernel_of_its_patterns():
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.ReLU())
    images = torch.tensor([[1.0, -1.0, 2.0], [1.0, 1.0, -2.0], [-1.0, -1.0, -1.0]]).reshape(3, 1, 1, 3)
    kernel = np.array([[3, 1, 1], [1, 3, 1], [1, 1, 3]])  # equal signs; patterns + - +, + + -, - - -
    assert naswot(Plain(network), SHAPE, images) == pytest.approx(np.linalg.slogdet(kernel)[1])


def test_naswot_sees_the_relus_of_the_backend():
    assert naswot(CONVS, SHAPE, torch.randn(4, 3, 8, 8)) > naswot(NONE, SHAPE, torch.randn(4, 3, 8, 8))


@pytest.mark.parametrize("proxy", PROXIES)
@pytest.mark.parametrize("architecture", [GENOTYPES["relativenas"], Chain.uniform(3, 4), CONVS])
def test_every_proxy_scores_every_family_and_repeats(proxy, architecture, data):
    settings = dict(proxy=proxy, network={"init_channels": 4, "num_cells": 3}, batch_size=6)
    (first,), (second,) = (evaluated(ZeroCostEvaluator(data, **settings), architecture) for _ in range(2))
    assert first.loss == second.loss == -first.metrics["score"] and math.isfinite(first.loss)


def test_costs_are_logarithms(data):
    evaluator = ZeroCostEvaluator(data, "macs", {"init_channels": 4, "num_cells": 3})
    (scored,) = evaluated(evaluator, CONVS)
    assert scored.loss == pytest.approx(-math.log(CONVS.cost(SHAPE).macs))


def test_a_network_without_a_path_is_the_worst(data):
    evaluator = ZeroCostEvaluator(data, "synflow", {"init_channels": 4, "num_cells": 3})
    convs, none = evaluated(evaluator, CONVS, NONE)
    assert none.loss > convs.loss


@pytest.mark.parametrize(
    "change, message",
    [
        ({"proxy": "luck"}, "proxy of ZeroCostEvaluator is 'luck'; allowed are 'params', 'macs', 'synflow', 'naswot'"),
        ({"batch_size": 1}, "batch_size of ZeroCostEvaluator is 1; it must be at least 2"),
    ],
)
def test_bad_arguments_are_named(change, message, data):
    with pytest.raises(UserError, match=message):
        ZeroCostEvaluator(data, **change)
