"""DARTS piece by piece: mixtures, gradients of both orders, derivation."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch.func import functional_call

from relnas_mm.errors import UserError
from relnas_mm.evaluators.training import TrainConfig
from relnas_mm.networks import NetworkShape, Sampling
from relnas_mm.search.darts import gradient
from relnas_mm.search.darts.derive import derive, entropy, skips
from relnas_mm.search.darts.gradient import VirtualStep, first_order, second_order
from relnas_mm.search.darts.mixture import CANDIDATES, EDGES, Mixture
from relnas_mm.search.darts.network import MixedNetwork, check_temperature
from relnas_mm.search.darts.trainer import ArchitectureConfig, MixedTrainer

pytestmark = pytest.mark.unit
SHAPE = NetworkShape(2, 3, 4)
STEP = VirtualStep(lr=0.1, momentum=0.9, weight_decay=1e-2)


def batch(seed, n=4):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(n, 3, 8, 8, generator=generator, dtype=torch.float64)
    return images, torch.randint(0, 4, (n,), generator=generator)


@pytest.fixture
def network():
    made = MixedNetwork(SHAPE, seed=3).double().train()
    with torch.no_grad():
        for alphas in made.alphas:
            alphas.mul_(300.0)
    return made


def snapshot(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def test_eight_candidates_with_none():
    assert len(CANDIDATES) == 8 and CANDIDATES[0] == "none" and EDGES == 14


@pytest.mark.parametrize("stride", [1, 2])
def test_a_mixture_is_the_weighted_sum(stride):
    torch.manual_seed(0)
    mixture = Mixture(4, Sampling(stride)).train()
    x, weights = torch.randn(2, 4, 6, 6), torch.softmax(torch.randn(8), 0)
    expected = sum(float(w) * op(x) for w, op in zip(weights, mixture.candidates))
    torch.testing.assert_close(mixture(x, weights), expected)
    assert not [name for name, _ in mixture.named_parameters() if "bn" in name]  # no scale or shift to learn


@pytest.mark.parametrize("stride", [1, 2])
def test_partial_channels_pass_by(stride):
    torch.manual_seed(0)
    mixture, x = Mixture(8, Sampling(stride), portion=4), torch.randn(2, 8, 6, 6)
    out = mixture(x, torch.full((8,), 1 / 8))
    assert out.shape == (2, 8, 6 // stride, 6 // stride)
    rest = x[:, 2:] if stride == 1 else F.max_pool2d(x[:, 2:], 2)
    # channel c of portion p goes to place c * 4 + p
    assert all(torch.equal(out[:, c * 4 + p], rest[:, 2 * (p - 1) + c]) for p in (1, 2, 3) for c in (0, 1))
    with pytest.raises(UserError, match="portion is 3; it must divide the 8 channels"):
        Mixture(8, Sampling(), portion=3)


def test_the_virtual_step_changes_the_weights_and_is_that_of_sgd(network):
    weights = network.named_weights()
    sgd = torch.optim.SGD(weights.values(), STEP.lr, STEP.momentum, weight_decay=STEP.weight_decay)
    for seed in (0, 1):  # the second time with momentum
        steps = {n: sgd.state[w]["momentum_buffer"] for n, w in weights.items() if sgd.state[w]}
        loss = F.cross_entropy(network(batch(seed)[0]), batch(seed)[1])
        gradients = dict(zip(weights, torch.autograd.grad(loss, list(weights.values()))))
        virtual = STEP.taken(weights, gradients, steps)
        before = {name: weight.detach().clone() for name, weight in weights.items()}
        moved = [name for name in weights if not torch.equal(virtual[name], before[name])]
        assert moved == list(weights)
        assert all(torch.equal(weights[name], before[name]) for name in weights)  # it is only virtual
        for name, weight in weights.items():
            weight.grad = gradients[name]
        sgd.step()
        for name, weight in weights.items():
            torch.testing.assert_close(virtual[name].detach(), weight.detach())


def exact_gradient(network, training, validation, step):
    """Second order by differentiating through the step, without finite differences."""
    weights, alphas = network.named_weights(), list(network.alphas)

    def loss_at(values, data):
        return F.cross_entropy(functional_call(network, values, (data[0],)), data[1])

    gradients = torch.autograd.grad(loss_at(weights, training), list(weights.values()), create_graph=True)
    virtual = {n: w - step.lr * (g + step.weight_decay * w) for (n, w), g in zip(weights.items(), gradients)}
    return torch.autograd.grad(loss_at(virtual, validation), alphas)


def test_second_order_is_the_gradient_through_the_step(network, monkeypatch):
    monkeypatch.setattr(gradient, "FINITE_STEP", 1e-6)  # so small a net is far from linear
    before = snapshot(network)
    _, found = second_order(network, batch(0), batch(1), STEP, {})
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    exact = exact_gradient(network, batch(0), batch(1), STEP)
    _, first = first_order(network, batch(1))
    for a, b, c in zip(found, exact, first):
        error = (a - b).norm() / b.norm()
        assert error < 0.01 < (c - b).norm() / b.norm()  # first order is another gradient


def test_without_a_step_both_orders_agree(network):
    _, second = second_order(network, batch(0), batch(1), VirtualStep(0.0, 0.9, 0.0), {})
    _, first = first_order(network, batch(1))
    for a, b in zip(second, first):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("order", [1, 2])
def test_alphas_and_weights_learn_in_turn(order):
    network = MixedNetwork(SHAPE, seed=3)
    learner = MixedTrainer(
        network, TrainConfig(batch_size=4, lr=0.1, momentum=0.5), ArchitectureConfig(order, lr=0.01, warmup=1)
    )
    data = [(images.float(), labels) for images, labels in (batch(0), batch(1))]
    before = snapshot(network)
    learner.run_epoch(iter(data), iter(data), 0.0, 0)
    assert all(torch.equal(alphas, before[f"alphas.{i}"]) for i, alphas in enumerate(network.alphas))
    learner.run_epoch(iter(data), iter(data), 0.5, 1)
    for i, alphas in enumerate(network.alphas):
        change = (alphas - before[f"alphas.{i}"]).abs()
        assert 0 < change.max() < 0.03  # two steps of Adam
    assert not torch.equal(network.classifier.weight, before["classifier.weight"])


shares = arrays(float, (14, 8), elements=st.floats(0.01, 1))


@given(shares, shares)
def test_derivation_is_the_rule_of_darts(normal, reduce):
    genotype = derive(normal, reduce)
    for weights, edges in ((normal, genotype.normal), (reduce, genotype.reduce)):
        start = 0
        for node in range(4):
            rows = weights[start : start + 2 + node, 1:]
            kept = edges[2 * node : 2 * node + 2]
            sources = [source for _, source in kept]
            assert len(set(sources)) == 2
            others = [rows[s].max() for s in range(2 + node) if s not in sources]
            assert not others or min(rows[s].max() for s in sources) >= max(others)
            for name, source in kept:
                assert name != "none" and rows[source, CANDIDATES.index(name) - 1] == rows[source].max()
            start += 2 + node


def test_entropy_and_skips():
    assert entropy(np.full((14, 8), 1 / 8)) == pytest.approx(1.0)
    assert entropy(np.eye(8)) == 0.0
    two = np.zeros((1, 8))
    two[0, :2] = 0.5
    assert entropy(two) == pytest.approx(math.log(2) / math.log(8))
    weights = np.full((14, 8), 0.1)
    weights[:, CANDIDATES.index("skip_connect")] = 0.2
    weights[:, 0] = 0.9  # none never counts
    assert skips(derive(weights, weights)) == 8


def test_temperature_sharpens():
    network = MixedNetwork(SHAPE, 0)
    with torch.no_grad():
        network.alphas[0][:, 3] = 1.0
    warm = entropy(network.mixing_weights()[0].detach().numpy())
    network.temperature = 0.1
    assert entropy(network.mixing_weights()[0].detach().numpy()) < 0.1 < warm
    with pytest.raises(UserError, match="temperature is"):
        check_temperature((1.0, 0.0))


def test_bad_recipes():
    with pytest.raises(UserError, match="order of the architecture is 3; allowed are 1 and 2"):
        ArchitectureConfig(3)
    with pytest.raises(UserError, match=r"lr of the architecture is 0\.0"):
        ArchitectureConfig(lr=0.0)
