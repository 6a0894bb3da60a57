"""Operations and cells: any size, dilation in place of stride, drop path."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from relnas_mm.architectures import GENOTYPES, OPERATIONS
from relnas_mm.backends import get_backend
from relnas_mm.errors import UserError
from relnas_mm.networks import CellTrunk, Sampling, build_operation, drop_path, plan_cells

pytestmark = pytest.mark.unit


def settled(module):
    """Evaluation mode with BN statistics and affine values that are not trivial."""
    generator = torch.Generator().manual_seed(1)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for tensor, low in ((layer.running_mean, -0.5), (layer.running_var, 0.5), (layer.bias.data, -0.5)):
                tensor.copy_(torch.rand(tensor.shape, generator=generator) + low)
    return module.eval()


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(OPERATIONS), st.integers(1, 2), st.integers(1, 4), st.integers(1, 17), st.integers(1, 17))
def test_sides_are_rounded_up(name, stride, batch, height, width):
    operation = build_operation(name, 4, Sampling(stride)).eval()
    out = operation(torch.rand(batch, 4, height, width))
    assert out.shape == (batch, 4, -(-height // stride), -(-width // stride))


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["reference", "auto"]), st.integers(1, 2), st.integers(1, 9), st.integers(1, 9))
def test_a_maximum_without_gradients_is_the_same(backend, stride, height, width):
    pool = build_operation("max_pool_3x3", 4, Sampling(stride))
    x = torch.randn(2, 4, height, width).contiguous(memory_format=torch.channels_last)
    x[0, 0, 0, 0] = float("nan")
    expected = torch.nn.functional.max_pool2d(x, 3, stride, padding=1)
    with torch.no_grad():
        got = pool(x, get_backend(backend))
    assert torch.equal(got.nan_to_num(9.0), expected.nan_to_num(9.0))
    assert got.is_contiguous(memory_format=torch.channels_last)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 2), st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_a_mean_by_convolution_is_the_mean(stride, height, width, trains):
    pool = build_operation("avg_pool_3x3", 4, Sampling(stride))
    x = torch.randn(2, 4, height, width, dtype=torch.double).contiguous(memory_format=torch.channels_last)
    results, gradients = [], []
    for backend in ("reference", "auto"):
        leaf = x.clone().requires_grad_(trains)
        results.append(pool(leaf, get_backend(backend)))
        if trains:
            gradients.append(torch.autograd.grad(results[-1].square().sum(), leaf)[0])
    torch.testing.assert_close(*results, rtol=1e-12, atol=1e-12)
    if trains:
        torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(OPERATIONS), st.integers(3, 20), st.integers(3, 20), st.sampled_from([1, 2]))
def test_a_dilated_operation_contains_the_strided_one(name, height, width, dilation):
    strided = settled(build_operation(name, 4, Sampling(2)).double())
    sampling = Sampling(2, dilation, replace_stride_with_dilation=True)
    dilated = build_operation(name, 4, sampling).double().eval()
    dilated.load_state_dict(strided.state_dict())
    x = torch.randn(2, 4, height * dilation, width * dilation, dtype=torch.double)
    coarse = x[..., ::dilation, ::dilation]
    step = 2 * dilation
    torch.testing.assert_close(dilated(x)[..., ::step, ::step], strided(coarse), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", GENOTYPES)
@pytest.mark.parametrize("output_stride", [8, 16])
@pytest.mark.parametrize("size", [(64, 96), (75, 53)])
def test_a_dilated_network_equals_the_strided_one_on_its_grid(name, output_stride, size):
    """Same weights: the finer map, read at every (32 / output stride)-th place, is the coarse map."""
    strided = settled(CellTrunk(GENOTYPES[name], 4, 6, "imagenet").double())
    dilated = CellTrunk(GENOTYPES[name], 4, 6, "imagenet", output_stride).double().eval()
    dilated.load_state_dict(strided.state_dict())
    x = torch.randn(1, 3, *size, dtype=torch.double)
    for plan, coarse, fine in zip(
        strided.plans, *(list(n.forward_body(*n.forward_stem(x))) for n in (strided, dilated))
    ):
        step = plan.stride // dilated.plans[plan.index].stride
        torch.testing.assert_close(fine[..., ::step, ::step], coarse, rtol=1e-9, atol=1e-9)


def test_the_other_places_of_a_dilated_map_belong_to_the_shifted_image():
    """Away from the border, place (1, 1) of the finer map is the coarse map of the image moved by its stride."""
    strided = settled(CellTrunk(GENOTYPES["relativenas"], 4, 3, "imagenet").double())
    dilated = CellTrunk(GENOTYPES["relativenas"], 4, 3, "imagenet", 16).double().eval()
    dilated.load_state_dict(strided.state_dict())
    x = torch.randn(1, 3, 1024, 1024, dtype=torch.double)
    fine = list(dilated.forward_body(*dilated.forward_stem(x)))[-1][..., 1::2, 1::2]
    moved = list(strided.forward_body(*strided.forward_stem(x[..., 16:, 16:])))[-1]
    inner = slice(14, 18)
    torch.testing.assert_close(fine[..., inner, inner], moved[..., inner, inner], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["relativenas", "nasnet", "amoebanet"])
@settings(max_examples=10, deadline=None)
@given(height=st.integers(1, 140), width=st.integers(1, 140))
def test_any_image_size_goes_through(name, height, width):
    trunk = CellTrunk(GENOTYPES[name], 2, 3, "imagenet").eval()
    with torch.no_grad():
        outputs = list(trunk.forward_body(*trunk.forward_stem(torch.rand(1, 3, height, width))))
    for plan, output in zip(trunk.plans, outputs):
        assert output.shape == (1, plan.out_channels, -(-height // plan.stride), -(-width // plan.stride))


def test_drop_path_drops_whole_images_and_keeps_the_mean():
    torch.manual_seed(0)
    out = drop_path(torch.ones(4000, 2, 3, 1), 0.25)
    assert out.unique().tolist() == pytest.approx([0.0, 1 / 0.75])
    assert (out.flatten(1).std(1) == 0).all() and out.mean().item() == pytest.approx(1.0, abs=0.05)


def test_drop_path_spares_identities_and_evaluation():
    trunk = CellTrunk(GENOTYPES["relativenas"], 4, 3, "cifar")
    x = torch.rand(2, 3, 8, 8)
    run = lambda: list(trunk.forward_body(*trunk.forward_stem(x)))[-1]  # noqa: E731
    trunk.eval()
    still = run()
    trunk.drop_path_rate = 0.5
    assert torch.equal(run(), still)
    trunk.train()
    torch.manual_seed(0)
    assert not torch.equal(run(), run())


def test_recomputing_cells_gives_the_same_gradients():
    grads = []
    for with_cp in (False, True):
        torch.manual_seed(0)
        trunk = CellTrunk(GENOTYPES["darts_v2"], 4, 3, "cifar", with_cp=with_cp)
        trunk.drop_path_rate = 0.3
        list(trunk.forward_body(*trunk.forward_stem(torch.rand(4, 3, 8, 8))))[-1].square().mean().backward()
        grads.append([p.grad for p in trunk.parameters() if p.grad is not None])
    assert len(grads[0]) == len(grads[1]) > 10
    assert all(torch.allclose(a, b) for a, b in zip(*grads))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((8, 2), "num_cells is 2"),
        ((0, 8), "init_channels is 0"),
        ((8, 8, "vit"), "'cifar', 'imagenet'"),
        ((8, 8, "imagenet", 4), r"output_stride is 4.*\[8, 16, 32\]"),
        ((8, 8, "cifar", 3), "output_stride is 3"),
    ],
)
def test_bad_plans(arguments, message):
    with pytest.raises(UserError, match=message):
        plan_cells(GENOTYPES["relativenas"], *arguments)


def test_bad_operations():
    with pytest.raises(UserError, match="'sep_conv_9x9'"):
        build_operation("sep_conv_9x9", 4)
    with pytest.raises(UserError, match="must be even"):
        build_operation("skip_connect", 5, Sampling(2))
