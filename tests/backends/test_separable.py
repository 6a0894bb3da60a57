"""Depthwise and pointwise convolution as one step: the same outputs, the same gradients, less memory."""

from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from relnas_mm.backends import get_backend
from relnas_mm.backends.cpu import separable as module
from relnas_mm.backends.cpu.separable import kernel_gradient, separable_conv
from relnas_mm.networks import Sampling, build_operation

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True, scope="module")
def _small_maps_too():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "RECOMPUTE_FROM", 0)
        yield


def pair(channels, out, kernel, stride, dilation, dtype=torch.double):
    torch.manual_seed(0)
    padding = kernel // 2 * dilation
    depthwise = nn.Conv2d(channels, channels, kernel, stride, padding, dilation, groups=channels, bias=False)
    return depthwise.to(dtype), nn.Conv2d(channels, out, 1, bias=False).to(dtype)


def gradients(result, *leaves):
    weights = torch.linspace(-1, 1, result.numel(), dtype=result.dtype).view(result.shape)
    return torch.autograd.grad((result * weights).sum(), leaves)


def kept_numbers(operation, x):
    """The result, and how many numbers the forward pass leaves for the backward pass."""
    sizes = []

    def keep(tensor):
        sizes.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        return operation(x), sum(sizes)


def keeps_map_between(x, depthwise, pointwise, recompute=True):
    """Whether the result of the depthwise convolution waits for the backward pass, beside what both read."""
    leaves = x, depthwise.weight, pointwise.weight
    _, kept = kept_numbers(lambda x: separable_conv(x, depthwise, pointwise, recompute), x)
    return kept > sum(leaf.numel() for leaf in leaves)


@settings(max_examples=60, deadline=None)
@given(
    kernel=st.sampled_from([3, 5, 7]),
    stride=st.integers(1, 2),
    dilation=st.integers(1, 4),
    height=st.integers(1, 13),
    width=st.integers(1, 13),
    last=st.booleans(),
    recompute=st.booleans(),
)
def test_it_is_two_convolutions(kernel, stride, dilation, height, width, last, recompute):
    depthwise, pointwise = pair(3, 4, kernel, stride, dilation)
    x = torch.randn(2, 3, height, width, dtype=torch.double)
    x = x.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format).requires_grad_()
    leaves = x, depthwise.weight, pointwise.weight
    expected, got = pointwise(depthwise(x)), separable_conv(x, depthwise, pointwise, recompute)
    assert torch.equal(got, expected)
    for one, other in zip(gradients(got, *leaves), gradients(expected, *leaves)):
        assert torch.allclose(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("recompute", [True, False])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (1, 2), (2, 2)])
def test_gradients_of_gradients(stride, dilation, recompute):
    depthwise, pointwise = pair(2, 2, 3, stride, dilation)
    x = torch.randn(1, 2, 5, 4, dtype=torch.double, requires_grad=True)

    def function(x, first, second):
        for conv, weight in ((depthwise, first), (pointwise, second)):
            conv._parameters.pop("weight", None)
            conv.weight = weight
        return separable_conv(x, depthwise, pointwise, recompute)

    leaves = x, depthwise.weight.detach().requires_grad_(), pointwise.weight.detach().requires_grad_()
    assert torch.autograd.gradcheck(function, leaves)
    assert torch.autograd.gradgradcheck(function, leaves)


@pytest.mark.parametrize("recompute", [True, False])
@pytest.mark.parametrize("frozen", ["x", "depthwise", "pointwise"])
def test_what_asks_for_no_gradient_gets_none(frozen, recompute):
    depthwise, pointwise = pair(3, 3, 5, 1, 2)
    leaves = {"x": torch.randn(1, 3, 6, 6).double(), "depthwise": depthwise.weight, "pointwise": pointwise.weight}
    for name, leaf in leaves.items():
        leaf.requires_grad_(name != frozen)
    separable_conv(leaves["x"], depthwise, pointwise, recompute).sum().backward()
    assert {name for name, leaf in leaves.items() if leaf.grad is None} == {frozen}


def test_hooks_biases_and_autocast_get_two_steps():
    depthwise, pointwise = pair(3, 3, 3, 1, 2, torch.float)
    x = torch.randn(1, 3, 6, 6, requires_grad=True)
    assert not keeps_map_between(x, depthwise, pointwise)
    with torch.autocast("cpu", torch.bfloat16):
        assert separable_conv(x, depthwise, pointwise).dtype == torch.bfloat16
        assert keeps_map_between(x, depthwise, pointwise)
    seen = []
    handle = depthwise.register_forward_hook(lambda *_: seen.append(1))
    assert keeps_map_between(x, depthwise, pointwise) and seen == [1]
    handle.remove()
    pointwise.bias = nn.Parameter(torch.ones(3))
    assert keeps_map_between(x, depthwise, pointwise)
    assert torch.equal(separable_conv(x, depthwise, pointwise), pointwise(depthwise(x)))


@pytest.mark.parametrize(
    ("side", "dilation", "recompute", "kept", "decomposed"),
    [
        (4, 1, True, True, False),
        (4, 2, True, True, True),
        (8, 1, True, False, False),
        (8, 2, True, False, True),
        (8, 2, False, True, True),
    ],
)
def test_what_is_kept_and_whose_gradients_are_decomposed(side, dilation, recompute, kept, decomposed, monkeypatch):
    monkeypatch.setattr(module, "RECOMPUTE_FROM", 3 * 8 * 8)
    calls = []
    monkeypatch.setattr(module, "kernel_gradient", lambda *given: calls.append(1) or kernel_gradient(*given))
    depthwise, pointwise = pair(3, 3, 3, 1, dilation)
    x = torch.randn(1, 3, side, side, dtype=torch.double, requires_grad=True)
    assert keeps_map_between(x, depthwise, pointwise, recompute) == kept
    separable_conv(x, depthwise, pointwise, recompute).sum().backward()
    assert bool(calls) == decomposed


def test_gradient_of_a_kernel_in_float_is_that_of_double():
    x, gradient = torch.randn(4, 8, 17, 19), torch.randn(4, 8, 17, 19)
    double = kernel_gradient(x.double(), gradient.double(), 5, 2)
    assert torch.allclose(kernel_gradient(x, gradient, 5, 2).double(), double, atol=1e-3)


@pytest.mark.parametrize("name", ["sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"])
@pytest.mark.parametrize(
    "sampling", [Sampling(), Sampling(2), Sampling(2, replace_stride_with_dilation=True), Sampling(1, 2)]
)
def test_operations_keep_less_and_give_the_same(name, sampling):
    torch.manual_seed(0)
    operation = build_operation(name, 8, sampling)
    x = torch.rand(2, 8, 12, 12)
    results, kept = [], []
    for backend in ("reference", "auto"):
        result, numbers = kept_numbers(partial(operation, backend=get_backend(backend)), x)
        results.append(result)
        kept.append(numbers)
    assert torch.equal(*results) and kept[1] < 0.9 * kept[0]
