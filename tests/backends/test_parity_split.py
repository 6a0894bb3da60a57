"""A factorized reduction that splits the map by parity gives what convolutions of stride 2 give."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from relnas_mm.backends import auto, get_backend
from relnas_mm.backends.cpu.parity_split import can_split, split_by_parity
from relnas_mm.networks import Sampling, build_operation
from relnas_mm.networks.fuse import fuse_conv_bn

pytestmark = pytest.mark.unit
FORMATS = {True: torch.channels_last, False: torch.contiguous_format}


@pytest.fixture
def reduction():
    torch.manual_seed(0)
    return build_operation("skip_connect", 4, Sampling(2)).double()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3), st.integers(1, 5), st.integers(1, 6), st.integers(1, 6), st.booleans())
def test_grids_and_their_gradient(n, channels, height, width, last):
    x = torch.randn(n, channels, 2 * height, 2 * width, dtype=torch.double)
    x = x.contiguous(memory_format=FORMATS[last]).requires_grad_()
    grids = split_by_parity(x)
    expected = x[..., ::2, ::2], x[..., 1::2, 1::2]
    assert all(torch.equal(*pair) for pair in zip(grids, expected))
    assert all(grid.is_contiguous(memory_format=FORMATS[last]) for grid in grids)
    got, wanted = (
        torch.autograd.grad(first.square().sum() + 3 * second.sum(), x)[0] for first, second in (grids, expected)
    )
    assert torch.equal(got, wanted) and got.is_contiguous(memory_format=FORMATS[last])


def test_gradients_of_gradients():
    x = torch.randn(1, 2, 4, 2, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(split_by_parity, x) and torch.autograd.gradgradcheck(split_by_parity, x)


@pytest.mark.parametrize("size", [(8, 6), (7, 6), (8, 5), (1, 1), (2, 2)])
@pytest.mark.parametrize("last", [True, False])
def test_the_operation_gives_the_same(reduction, size, last):
    x = torch.randn(3, 4, *size, dtype=torch.double).contiguous(memory_format=FORMATS[last]).requires_grad_()
    own = copy.deepcopy(reduction)
    leaves = [(x, *module.parameters()) for module in (reduction, own)]
    results = [module(x, get_backend(name)) for module, name in ((reduction, "reference"), (own, "auto"))]
    torch.testing.assert_close(*results, rtol=1e-9, atol=1e-9)
    weights = torch.randn_like(results[0])
    gradients = [torch.autograd.grad((result * weights).sum(), leaf) for result, leaf in zip(results, leaves)]
    for pair in zip(*gradients):
        torch.testing.assert_close(*pair, rtol=1e-7, atol=1e-8)


def test_the_auto_backend_splits_the_map_and_batch_norm_may_be_fused(reduction, monkeypatch):
    calls = []
    monkeypatch.setattr(auto, "split_by_parity", lambda x: calls.append(1) or split_by_parity(x))
    x = torch.randn(2, 4, 6, 6, dtype=torch.double)
    reduction.bn.running_mean.uniform_()
    reduction.eval()
    expected = reduction(x, get_backend("reference"))
    assert not calls
    fuse_conv_bn(reduction)
    torch.testing.assert_close(reduction(x, get_backend("auto")), expected, rtol=1e-9, atol=1e-9)
    assert calls


def test_what_is_left_to_pytorch(reduction):
    convs = reduction.conv_1, reduction.conv_2
    assert can_split(torch.zeros(1, 4, 6, 4), *convs)
    assert not can_split(torch.zeros(1, 4, 6, 5), *convs) and not can_split(torch.zeros(1, 4, 3, 4), *convs)
    assert not can_split(torch.zeros(1, 4, 6, 4, device="meta"), *convs)
    reduction.conv_2.register_forward_hook(lambda *_: None)
    assert not can_split(torch.zeros(1, 4, 6, 4), *convs)
