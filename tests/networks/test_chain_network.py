"""Networks of chains: shapes, strides, skips."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from relnas_mm.architectures import Chain
from relnas_mm.errors import UserError
from relnas_mm.networks import ChainNetwork, ChainTrunk, NetworkShape, plan_chain
from relnas_mm.networks.chain_plan import CHAIN_OPERATIONS, KERNEL_SIZES
from relnas_mm.networks.feature_info import FeatureInfo
from relnas_mm.networks.trunk import STEM_OUTPUT

pytestmark = pytest.mark.unit

chains = st.builds(
    Chain,
    width=st.integers(1, 6),
    layers=st.lists(
        st.tuples(st.sampled_from(CHAIN_OPERATIONS), st.sampled_from(KERNEL_SIZES)), min_size=3, max_size=9
    ),
    skip=st.booleans(),
)


@settings(max_examples=25, deadline=None)
@given(chains, st.sampled_from([1, 3]), st.integers(2, 5))
def test_layers_have_the_planned_shapes(chain, channels, classes):
    network, seen = ChainNetwork(chain, channels, classes), []
    for layer in network.layers:
        layer.register_forward_hook(lambda layer, inputs, output: seen.append(output.shape))
    assert network.eval()(torch.zeros(1, channels, 13, 13)).shape == (1, classes)
    assert len(seen) == len(network.plans)
    for plan, shape in zip(network.plans, seen):
        assert shape[1:] == (plan.outputs, -(-13 // plan.stride), -(-13 // plan.stride))


def test_channels_double_at_one_and_two_thirds():
    plans = plan_chain(Chain.uniform(7, 4))
    assert [plan.outputs for plan in plans] == [4, 4, 8, 8, 16, 16, 16]
    assert [plan.stride for plan in plans] == [1, 1, 2, 2, 4, 4, 4]
    assert plans[0].inputs == 8


def test_a_skip_adds_the_input_where_the_shape_stays():
    chain = Chain.uniform(6, 4, skip=True)
    assert [plan.skip for plan in plan_chain(chain)] == [False, True, False, True, False, True]
    network = ChainNetwork(chain).eval()
    layer, x = network.layers[1], torch.randn(2, 4, 5, 5)
    plain = torch.nn.Sequential.forward(layer, x)
    assert torch.equal(layer(x), plain + x)
    assert chain.cost(NetworkShape()) == Chain.uniform(6, 4).cost(NetworkShape())


@pytest.mark.parametrize(
    ("stem", "output_stride", "strides"),
    [("cifar", 32, (1, 1, 2, 4)), ("imagenet", 32, (4, 8, 16, 32)), ("imagenet", 8, (4, 8, 8, 8))],
)
def test_feature_info_is_what_a_forward_pass_gives(stem, output_stride, strides):
    trunk = ChainTrunk(Chain.uniform(7, 4), stem, output_stride).eval()
    assert trunk.feature_info == {
        key: FeatureInfo(channels, stride) for key, channels, stride in zip(("stem", 0, 1, 2), (8, 4, 8, 16), strides)
    }
    first, second = trunk.forward_stem(torch.zeros(1, 3, 64, 96))
    maps = [first, *(out for index, out in enumerate(trunk.forward_body(first, second)) if index in trunk.stage_ends)]
    for info, out in zip(trunk.feature_info.values(), maps):
        assert out.shape == (1, info.channels, 64 // info.stride, 96 // info.stride)


@pytest.mark.parametrize("stem", ["cifar", "imagenet"])
@pytest.mark.parametrize("outputs", [(STEM_OUTPUT,), (0,), (1, 4), (6,), (STEM_OUTPUT, 3)])
def test_unused_modules_are_those_without_a_gradient(stem, outputs):
    trunk = ChainTrunk(Chain.uniform(7, 2), stem)
    first, second = trunk.forward_stem(torch.rand(2, 3, 32, 32))
    maps = {STEM_OUTPUT: first, **dict(enumerate(trunk.forward_body(first, second)))}
    sum(maps[index].square().sum() for index in outputs).backward()
    unused = {id(p) for module in trunk.unused_modules(outputs) for p in module.parameters()}
    assert unused == {id(p) for p in trunk.parameters() if p.grad is None}


@pytest.mark.parametrize(
    ("stem", "output_stride", "message"),
    [
        ("vit", 32, "stem is 'vit'; allowed are 'cifar', 'imagenet'"),
        ("imagenet", 4, "output_stride is 4; with the imagenet stem it must be one of .8, 16, 32."),
        ("cifar", 3, "output_stride is 3"),
    ],
)
def test_bad_plans(stem, output_stride, message):
    for make in (plan_chain, ChainTrunk):
        with pytest.raises(UserError, match=message):
            make(Chain.uniform(3, 2), stem, output_stride)
