"""The kernels give what PyTorch's operations give, forwards and backwards; `test_triton_kernels.py` runs this file."""

import copy
import os

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from relnas_mm.architectures import OPERATIONS, Genotype
from relnas_mm.backends import Backend, get_backend
from relnas_mm.backends.triton.dispatch import is_supported
from relnas_mm.networks import CellTrunk, build_operation
from relnas_mm.networks.sampling import Sampling

pytestmark = pytest.mark.unit
REST = (("skip_connect", 2), ("skip_connect", 3)) * 2
LIMITS = {torch.float32: 2e-5, torch.bfloat16: 3e-2}


@pytest.fixture(scope="session")
def device():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@pytest.fixture(autouse=True)
def exact_products(monkeypatch):
    """Else matrix products on CUDA round their factors."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)


class Computed(nn.Module):
    """An operation by one backend."""

    def __init__(self, operation: nn.Module, backend: str | Backend):
        super().__init__()
        self.operation, self.backend = operation, get_backend(backend)

    def forward(self, x):
        return self.operation(x, self.backend)


def randomize(module: nn.Module) -> nn.Module:
    """Normalization layers with nothing that rounding hides."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias)
            nn.init.normal_(part.running_mean, 0.0, 0.1)
    return module


def twins(operation: nn.Module, device, other: str = "reference") -> tuple[nn.Module, nn.Module]:
    """An operation by PyTorch, and a copy by the kernels."""
    operation = randomize(operation.to(device))
    return Computed(operation, other), Computed(copy.deepcopy(operation), "triton")


def far(a, b) -> float:
    """Largest difference, in units of the largest value."""
    return float((a.float() - b.float()).abs().max() / (a.float().abs().max() + 1e-6))


def compare(modules, x, limit):
    """Outputs, gradients and running statistics."""
    results = []
    for module in modules:
        given = x.clone().requires_grad_()
        out = module(given)
        # Only one sign, so that sums do not vanish beside their parts.
        (out.float() * torch.linspace(1.0, 2.0, out.numel(), device=out.device).view(out.shape)).sum().backward()
        results.append([out, given.grad, *(p.grad for p in module.parameters()), *module.buffers()])
    assert len(results[0]) == len(results[1])
    assert [far(*pair) < limit for pair in zip(*results)] == [True] * len(results[0])


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "none"])
def test_operations(name, stride, device):
    torch.manual_seed(0)
    modules = twins(build_operation(name, 6, Sampling(stride=stride)), device)
    compare(modules, torch.randn(3, 6, 7, 10, device=device), LIMITS[torch.float32])


@settings(max_examples=25, deadline=None)
@given(
    kernel=st.sampled_from([3, 5, 7]),
    stride=st.sampled_from([1, 2]),
    dilation=st.integers(1, 4),
    size=st.tuples(st.integers(1, 9), st.integers(1, 90)),
    relu=st.booleans(),
    seed=st.integers(0, 99),
)
def test_depthwise_convolutions_of_any_width(kernel, stride, dilation, size, relu, seed, device):
    """Rows are taken several at a time, or in pieces."""
    from relnas_mm.backends.triton.depthwise import depthwise

    torch.manual_seed(seed)
    x, weight = torch.randn(2, 3, *size, device=device), torch.randn(3, 1, kernel, kernel, device=device)
    given = [part.clone().requires_grad_() for part in (x, weight)]
    exact = [part.double().requires_grad_() for part in (x, weight)]
    out = depthwise(*given, stride, dilation, relu)
    rectified = exact[0].relu() if relu else exact[0]
    true = F.conv2d(rectified, exact[1], None, stride, kernel // 2 * dilation, dilation, groups=3)
    weights = torch.rand_like(out) + 1.0
    (out * weights).sum().backward()
    (true * weights).sum().backward()
    assert far(true, out) < LIMITS[torch.float32]
    assert [far(a.grad, b.grad) < LIMITS[torch.float32] for a, b in zip(exact, given)] == [True, True]


@settings(max_examples=12, deadline=None)
@given(
    name=st.sampled_from(["sep_conv_5x5", "dil_conv_3x3", "max_pool_3x3", "avg_pool_3x3", "skip_connect"]),
    stride=st.sampled_from([1, 2]),
    shape=st.tuples(st.integers(2, 3), st.integers(1, 10).map(lambda half: 2 * half), *[st.integers(1, 9)] * 2),
    seed=st.integers(0, 99),
)
def test_any_shape(name, stride, shape, seed, device):
    torch.manual_seed(seed)
    modules = twins(build_operation(name, shape[1], Sampling(stride=stride)), device)
    for module in modules:
        module.eval()  # with few values the new statistics are too uncertain to compare what is divided by them
    x = torch.randn(shape, device=device)
    with torch.no_grad():
        assert far(*(module(x) for module in modules)) < LIMITS[torch.float32]


def test_a_map_that_lies_inside_another_is_read_where_it_is(device):
    modules = twins(build_operation("sep_conv_3x3", 4), device)
    wide = torch.randn(2, 12, 5, 5, device=device)
    assert is_supported(wide[:, 4:8]) == (device.type == "cuda" or "TRITON_INTERPRET" in os.environ)
    assert far(*(module(wide[:, 4:8]) for module in modules)) < LIMITS[torch.float32]
    assert not is_supported(wide.contiguous(memory_format=torch.channels_last))


def test_a_network_with_drop_path(device):
    """The same images are left out; gradients reach every weight."""
    normal = (("dil_conv_3x3", 0), ("skip_connect", 1), ("max_pool_3x3", 1), ("skip_connect", 2), *REST)
    reduce = (("avg_pool_3x3", 1), ("skip_connect", 0), ("max_pool_3x3", 0), ("skip_connect", 2), *REST)
    trunks = [
        CellTrunk(Genotype(normal=normal, reduce=reduce), 4, 3, backend=name).to(device) for name in ("auto", "triton")
    ]
    trunks[1].load_state_dict(randomize(trunks[0]).state_dict())
    x = torch.randn(4, 3, 6, 6, device=device)
    results = []
    for trunk in trunks:
        trunk.drop_path_rate = 0.4
        trunk.drop_path_generator = torch.Generator(device).manual_seed(5)
        *_, out = trunk.forward_body(*trunk.forward_stem(x))
        out.square().sum().backward()
        results.append([out, *(parameter.grad for parameter in trunk.parameters())])
    assert max(far(*pair) for pair in zip(*results) if pair[0] is not None) < 2e-3
    assert [part is None for part in results[0]] == [part is None for part in results[1]]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device: Triton's interpreter rounds otherwise")
def test_bfloat16(device):
    torch.manual_seed(0)
    modules = twins(build_operation("dil_conv_5x5", 8), device)
    x = torch.randn(4, 8, 8, 8, device=device)
    with torch.autocast(device.type, torch.bfloat16):
        outputs = [module(x) for module in modules]
    assert [out.dtype for out in outputs] == [torch.bfloat16] * 2
    assert far(*outputs) < LIMITS[torch.bfloat16]


def test_frozen_statistics_and_single_values_are_left_to_pytorch(device):
    modules = [module.eval() for module in twins(build_operation("dil_conv_3x3", 4), device)]
    compare(modules, torch.randn(2, 4, 5, 5, device=device), LIMITS[torch.float32])
    for module in twins(build_operation("dil_conv_3x3", 4), device):  # in training mode
        with pytest.raises(ValueError, match="more than 1 value per channel"):
            module(torch.randn(1, 4, 1, 1, device=device))


def test_the_running_mean_of_large_values_is_not_lost(device):
    """Variances are not differences of large numbers."""
    torch.manual_seed(0)
    modules = twins(build_operation("dil_conv_3x3", 4), device)
    x = torch.randn(8, 4, 6, 6, device=device) + 1000.0
    for module in modules:
        module(x)
    variances = [dict(module.named_buffers())["operation.op.3.running_var"] for module in modules]
    assert torch.allclose(*variances, rtol=1e-3)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there the kernels run")
def test_without_cuda_pytorch_computes(monkeypatch):
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    assert not is_supported(torch.zeros(1, 2, 3, 3))
    modules = twins(build_operation("sep_conv_3x3", 4), torch.device("cpu"), "auto")
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 4, 5, 5))).float()
    assert torch.equal(*(module(x) for module in modules))
