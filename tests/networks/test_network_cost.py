"""Costs that are known before anything is built are those of the network that is built."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from relnas_mm.architectures import CHAINS, GENOTYPES, Chain
from relnas_mm.networks import Cost, NetworkShape
from relnas_mm.networks.chain_plan import CHAIN_OPERATIONS, KERNEL_SIZES

pytestmark = pytest.mark.unit


def counted(architecture, shape):
    """Parameters of a network, and multiply-adds of its convolutions and linear layers in one forward pass."""
    network, macs = architecture.build(shape).eval(), []
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.register_forward_hook(lambda m, _, out: macs.append(out.numel() * m.weight[0].numel()))
    with torch.no_grad():
        logits = network(torch.zeros(1, shape.in_channels, shape.image_size, shape.image_size))
    assert logits.shape == (1, shape.num_classes)
    return Cost(sum(p.numel() for p in network.parameters()), sum(macs))


@pytest.mark.parametrize("stem, image_size", [("cifar", 32), ("cifar", 13), ("imagenet", 64), ("imagenet", 75)])
@pytest.mark.parametrize("name", GENOTYPES)
def test_cells(name, stem, image_size):
    shape = NetworkShape(4, 5, num_classes=7, in_channels=2, stem=stem, image_size=image_size)
    assert GENOTYPES[name].cost(shape) == counted(GENOTYPES[name], shape)


@settings(max_examples=25, deadline=None)
@given(
    chain=st.builds(
        Chain,
        width=st.integers(1, 6),
        layers=st.lists(
            st.tuples(st.sampled_from(CHAIN_OPERATIONS), st.sampled_from(KERNEL_SIZES)), min_size=3, max_size=9
        ),
        skip=st.booleans(),
    ),
    stem=st.sampled_from(["cifar", "imagenet"]),
    in_channels=st.sampled_from([1, 3]),
    num_classes=st.integers(1, 5),
    image_size=st.integers(1, 70),
)
def test_chains(chain, stem, in_channels, num_classes, image_size):
    shape = NetworkShape(num_classes=num_classes, in_channels=in_channels, stem=stem, image_size=image_size)
    assert chain.cost(shape) == counted(chain, shape)


def test_the_imagenet_stem_costs_more_parameters_and_fewer_multiply_adds():
    for architecture in (GENOTYPES["relativenas"], CHAINS["macro_micro_cifar10_t"]):
        cifar, imagenet = (architecture.cost(NetworkShape(stem=stem)) for stem in ("cifar", "imagenet"))
        assert imagenet.params > cifar.params or architecture is GENOTYPES["relativenas"]
        assert imagenet.macs < cifar.macs / 16


def test_zero_classes_leave_the_classifier_out():
    for architecture in (GENOTYPES["darts_v2"], CHAINS["macro_micro_cifar10_t"]):
        whole, body = (architecture.cost(NetworkShape(num_classes=number)) for number in (10, 0))
        width = whole.macs - body.macs
        assert whole.params - body.params == width + 10 and width % 10 == 0


def test_costs_add_up():
    assert Cost(1, 2) + Cost(3, 4) == Cost(4, 6)
