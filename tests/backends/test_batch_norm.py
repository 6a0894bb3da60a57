"""Batch normalization of several pixels at a time gives what PyTorch's layer gives."""

import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from relnas_mm.backends import auto, get_backend
from relnas_mm.backends.cpu.batch_norm import _applies, _pixels_at_a_time, batch_norm
from relnas_mm.networks import Sampling, build_operation

pytestmark = pytest.mark.unit


def layers(channels, dtype=torch.float32, **options):
    """PyTorch's layer, twice."""
    layer = nn.BatchNorm2d(channels, **options).to(dtype)
    nn.init.uniform_(layer.weight, 0.5, 1.5)
    nn.init.normal_(layer.bias)
    return layer, copy.deepcopy(layer)


def random_map(shape, dtype=torch.float64):
    x = 2 * torch.randn(shape, dtype=dtype) + 3
    return x.contiguous(memory_format=torch.channels_last).requires_grad_()


@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 3), st.integers(1, 50), st.integers(1, 9), st.integers(2, 9)),
    momentum=st.sampled_from([0.1, 0.9, 0.0]),
    seed=st.integers(0, 99),
)
def test_outputs_gradients_and_running_statistics(shape, momentum, seed):
    torch.manual_seed(seed)
    native, own = layers(shape[1], torch.float64, momentum=momentum)
    for _ in range(2):  # so that statistics move on
        x = random_map(shape)
        other = x.detach().clone(memory_format=torch.preserve_format).requires_grad_()
        assert _applies(x, own)
        outputs = native(other), batch_norm(x, own)
        weights = torch.randn_like(outputs[0])
        for out in outputs:
            out.backward(weights)
        assert torch.allclose(*outputs, rtol=1e-9, atol=1e-9)
        assert torch.allclose(other.grad, x.grad, rtol=1e-7, atol=1e-8)
    for (name, a), (_, b) in zip(native.named_parameters(), own.named_parameters()):
        assert torch.allclose(a.grad, b.grad, rtol=1e-8, atol=1e-8), name
    for (name, a), (_, b) in zip(native.named_buffers(), own.named_buffers()):
        assert torch.allclose(a, b, rtol=1e-9), name


def test_gradients_of_gradients():
    layer, _ = layers(3, torch.float64)
    x = random_map((2, 3, 4, 4))
    assert torch.autograd.gradcheck(lambda x: batch_norm(x, layer), x)
    assert torch.autograd.gradgradcheck(lambda x: batch_norm(x, layer), x)


def test_a_relu_may_overwrite_the_result():
    (native, own), x = layers(4), random_map((2, 4, 3, 3), torch.float32)
    expected = torch.autograd.grad(torch.relu_(native(x)).square().sum(), x)[0]
    assert torch.allclose(
        torch.autograd.grad(torch.relu_(batch_norm(x, own)).square().sum(), x)[0], expected, atol=1e-4
    )


def test_large_means_do_not_swallow_the_variance():
    (native, own), x = layers(6), random_map((4, 6, 8, 8), torch.float32)
    far = (x.detach() + 1000.0).requires_grad_()
    native(far), batch_norm(far, own)
    assert torch.allclose(native.running_var, own.running_var, rtol=1e-3)


@pytest.mark.parametrize(
    "channels, positions", [(46, 8 * 28 * 28), (23, 2**14), (92, 1568), (256, 64), (5, 7), (1, 1024)]
)
def test_pixels_taken_at_a_time(channels, positions):
    times = _pixels_at_a_time(channels, positions)
    assert positions % times == 0 and math.log2(times).is_integer()
    full = times * channels % 16 == 0 and times * channels >= 256
    assert full or positions % (2 * times)


def test_what_is_left_to_pytorch():
    layer, _ = layers(4)
    x = random_map((2, 4, 3, 3), torch.float32)
    assert _applies(x, layer)
    assert not _applies(x.contiguous(), layer)
    assert not _applies(random_map((1, 4, 1, 1), torch.float32), layer)
    assert not _applies(x, copy.deepcopy(layer).eval())
    assert not _applies(x, nn.BatchNorm2d(4, momentum=None)) and not _applies(x, nn.SyncBatchNorm(4))
    assert not _applies(x, nn.GroupNorm(2, 4))
    with torch.no_grad():
        assert not _applies(x, layer)
    with torch.autocast("cpu", torch.bfloat16):
        assert not _applies(x, layer)
    seen = []
    layer.register_forward_hook(lambda *_: seen.append(True))
    batch_norm(x, layer)
    assert seen == [True]


@pytest.mark.parametrize("name", ["sep_conv_3x3", "skip_connect"])
def test_the_auto_backend_uses_it(name, monkeypatch):
    seen = []
    monkeypatch.setattr(auto, "batch_norm", lambda x, norm: seen.append(norm) or norm(x))
    operation, x = build_operation(name, 4, Sampling(stride=2)), random_map((2, 4, 6, 6), torch.float32)
    operation(x, get_backend("reference"))
    assert not seen
    operation(x, get_backend("auto"))
    assert [type(layer) for layer in seen if not isinstance(layer, nn.Conv2d)] == [nn.BatchNorm2d] * (
        2 if name == "sep_conv_3x3" else 1
    )
