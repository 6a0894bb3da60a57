"""Backends by name, what they refuse, and that they give the same but for rounding."""

import pytest
import torch
from helpers.processes import fresh
from hypothesis import given, settings
from hypothesis import strategies as st

from relnas_mm.architectures import CHAINS, GENOTYPES, OPERATIONS
from relnas_mm.backends import REFERENCE, FeatureMap, as_feature_map, check_backend, get_backend, select
from relnas_mm.backends.auto import AutoBackend
from relnas_mm.errors import UserError
from relnas_mm.networks import CellTrunk, ChainNetwork, NetworkShape, Sampling, build_operation

pytestmark = pytest.mark.unit
CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)


def test_backends_by_name():
    assert get_backend("reference") is REFERENCE and REFERENCE.exact
    auto = get_backend("auto")
    assert type(auto) is AutoBackend and auto.recompute and not auto.exact
    assert not get_backend("auto", recompute=False).recompute
    assert get_backend(auto) is auto


@pytest.mark.parametrize("name", ["cuda", "", None, 1])
def test_an_unknown_backend_is_refused(name):
    with pytest.raises(UserError, match="allowed are 'reference', 'auto', 'triton'") as caught:
        get_backend(name)
    assert f"backend is {name!r}" in str(caught.value)
    with pytest.raises(UserError, match="allowed are"):
        check_backend(name, CPU)


def test_triton_without_its_package(monkeypatch):
    monkeypatch.setattr(select, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="backend is 'triton', but the package triton, which .* is missing"):
        get_backend("triton")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("triton", CPU), "backend is 'triton', but the device is 'cpu'; allowed there are 'reference', 'auto'"),
        (("triton", CUDA, True), "backend is 'triton' and channels_last True"),
        (("auto", CPU, True, "bfloat16"), "autocast is 'bfloat16' and channels_last True"),
        (("reference", CPU, True, "bfloat16"), "autocast is 'bfloat16' and channels_last True"),
    ],
)
def test_what_a_device_cannot_do_is_refused(arguments, message, monkeypatch):
    monkeypatch.setattr(select, "get_backend", lambda name: None)  # whether Triton is installed does not matter
    with pytest.raises(UserError, match=message):
        check_backend(*arguments)


def test_what_a_device_can_do(monkeypatch):
    monkeypatch.setattr(select, "get_backend", lambda name: None)
    for arguments in [
        ("reference", CPU),
        ("auto", CPU, True),
        ("auto", CPU, False, "bfloat16"),
        ("auto", CUDA, True, "bfloat16"),
        ("triton", CUDA, False, "bfloat16"),
    ]:
        check_backend(*arguments)


def test_a_feature_map_shares_one_relu_with_the_auto_backend_only():
    x = FeatureMap(torch.randn(1, 2, 3, 3))
    auto = get_backend("auto")
    assert auto.relu(x) is auto.relu(x)
    assert REFERENCE.relu(x) is not REFERENCE.relu(x)
    assert torch.equal(auto.relu(x), REFERENCE.relu(x))
    assert as_feature_map(x) is x


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from([name for name in OPERATIONS if name != "none"]),  # zeros have no gradient
    sampling=st.sampled_from([Sampling(), Sampling(2), Sampling(1, 2), Sampling(2, 1, True), Sampling(2, 2, True)]),
    side=st.integers(2, 9),
    last=st.booleans(),
    recompute=st.booleans(),
    trains=st.booleans(),
)
def test_an_operation_by_every_backend(name, sampling, side, last, recompute, trains):
    """In double precision, where what another order of sums changes is far below the tolerance."""
    torch.manual_seed(0)
    operation = build_operation(name, 4, sampling).double().train(trains)
    format = torch.channels_last if last else torch.contiguous_format
    x = torch.randn(3, 4, side, side, dtype=torch.double).contiguous(memory_format=format)
    state = {key: value.clone() for key, value in operation.state_dict().items()}
    results = []
    for backend in (REFERENCE, AutoBackend(recompute)):
        operation.load_state_dict(state)
        leaf = x.clone().requires_grad_()
        out = operation(leaf, backend)
        weights = torch.linspace(1.0, 2.0, out.numel(), dtype=out.dtype).view(out.shape)
        gradients = torch.autograd.grad((out * weights).sum(), (leaf, *operation.parameters()), allow_unused=True)
        results.append([out.detach(), *gradients, *(value.clone() for value in operation.state_dict().values())])
    for ours, theirs in zip(*results):
        torch.testing.assert_close(ours, theirs, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("name", ["relativenas", "nasnet", "amoebanet"])
def test_a_network_of_cells_by_every_backend(name, last):
    """The same images are left out by drop path; in double precision, as above."""
    genotype, results = GENOTYPES[name], []
    x = torch.randn(4, 3, 16, 16, dtype=torch.double)
    x = x.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)
    for backend in ("reference", "auto"):
        torch.manual_seed(0)
        trunk = CellTrunk(genotype, 4, 3, backend=backend).double()
        trunk.drop_path_rate, trunk.drop_path_generator = 0.4, torch.Generator().manual_seed(5)
        *_, out = trunk.forward_body(*trunk.forward_stem(x))
        out.square().sum().backward()
        results.append([out.detach(), *(parameter.grad for parameter in trunk.parameters()), *trunk.buffers()])
    for ours, theirs in zip(*results):
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("backend", ["reference", "auto"])
def test_a_built_architecture_computes_by_the_backend_that_it_was_given(backend):
    for architecture in (GENOTYPES["relativenas"], CHAINS["macro_micro_cifar10_t"]):
        network = architecture.build(NetworkShape(4, 3), backend)
        assert network.backend.name == backend
        assert {part.backend.name for part in network.modules() if hasattr(part, "backend")} == {backend}


def test_a_chain_by_every_backend():
    x = torch.randn(2, 3, 16, 16, dtype=torch.double).contiguous(memory_format=torch.channels_last)
    results = []
    for backend in ("reference", "auto"):
        torch.manual_seed(0)
        network = ChainNetwork(CHAINS["macro_micro_cifar10_t"].with_width(4), backend=backend).double()
        out = network(x)
        out.square().sum().backward()
        results.append([out.detach(), *(parameter.grad for parameter in network.parameters())])
    for ours, theirs in zip(*results):
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("isa", ["AVX2", "DEFAULT"])
def test_a_reduction_of_few_channels_in_channels_last(isa):
    """Without AVX-512, oneDNN's weight gradient of a strided 1x1 convolution of fewer than 8 channels is wrong."""
    errors = fresh(
        """
        import torch
        from relnas_mm.networks import Sampling, build_operation
        for channels in (2, 4, 6, 8):
            torch.manual_seed(channels)
            operation = build_operation("skip_connect", channels, Sampling(2)).to(memory_format=torch.channels_last)
            x = torch.randn(16, channels, 16, 16)
            out = torch.randn(16, channels, 8, 8)
            exact = torch.autograd.grad((operation.double()(x.double()) * out).sum(), operation.parameters())
            operation.float()
            for format in (torch.contiguous_format, torch.channels_last):
                for _ in range(10):  # memory is not corrupted each time
                    result = (operation(x.contiguous(memory_format=format)) * out).sum()
                    found = torch.autograd.grad(result, operation.parameters())
                    print(max((a - b).norm() / b.norm() for a, b in zip(found, exact)).item())
        """,
        ONEDNN_MAX_CPU_ISA=isa,
        OMP_NUM_THREADS="1",
    )
    # Sums over 1,024 positions that normalization largely cancels; corrupted ones are wrong in the first digit.
    assert len(errors.split()) == 80 and max(map(float, errors.split())) < 1e-4
