"""A backbone that only infers gives the same maps, in any model, at any size."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from relnas_mm.analysis.network import Network
from relnas_mm.architectures import GENOTYPES
from relnas_mm.errors import UserError
from relnas_mm.inference import RUNTIMES, Deployment, PaddedBackbone, accelerate, fuse_backbone
from relnas_mm.inference.pad import can_be_padded
from relnas_mm.models import CellBackbone, CellClassifier

pytestmark = pytest.mark.mm


def backbone(genotype: str = "relativenas", **options) -> CellBackbone:
    """A small one whose normalizations are not what they are at first."""
    torch.manual_seed(0)
    model = CellBackbone(**{"init_channels": 6, "num_cells": 5, "genotype": genotype, **options}).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for value, (low, high) in zip(
                (module.weight, module.bias, module.running_mean, module.running_var),
                ((0.5, 1.5), (-0.5, 0.5), (-0.5, 0.5), (0.5, 2.0)),
            ):
                assert value is not None
                nn.init.uniform_(value, low, high)
    return model


def difference(ours, theirs) -> float:
    assert [x.shape for x in ours] == [x.shape for x in theirs]
    return max(((x - y).abs().max() / y.abs().max()).item() for x, y in zip(ours, theirs))


@pytest.mark.parametrize("genotype", list(GENOTYPES))
def test_folded_and_padded_maps_of_every_published_cell(genotype):
    plain = backbone(genotype, out_indices=("stem", 0, 1, 2))
    images = torch.randn(2, 3, 70, 45)
    with torch.inference_mode():
        want = plain(images)
        assert difference(fuse_backbone(plain)(images), want) < 1e-5
        assert difference(PaddedBackbone(fuse_backbone(plain))(images), want) < 1e-5
        assert difference(plain(images), want) == 0  # left as it was


@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from(["relativenas", "darts_v2"]),
    st.sampled_from([dict(output_stride=8, out_indices=(2,)), dict(stem="cifar"), dict(out_indices=(1, 2))]),
    st.integers(2, 20).map(lambda half: 2 * half),
    st.tuples(st.integers(1, 80), st.integers(1, 80)),
)
def test_widths_sizes_and_dilation(genotype, options, channels, size):
    plain = backbone(genotype, init_channels=channels, **options)
    images = torch.randn(1, 3, *size)
    with torch.inference_mode():
        want = plain(images)
        assert difference(fuse_backbone(plain)(images), want) < 1e-5
        assert difference(PaddedBackbone(fuse_backbone(plain))(images), want) < 1e-5


def test_no_normalization_is_left():
    assert any(isinstance(module, nn.BatchNorm2d) for module in backbone().modules())
    assert not any(isinstance(module, nn.BatchNorm2d) for module in fuse_backbone(backbone()).modules())


def test_another_normalization_stays_and_is_not_padded():
    plain = backbone(norm_cfg=dict(type="GN", num_groups=3))
    images = torch.randn(1, 3, 40, 40)
    assert not can_be_padded(fuse_backbone(plain))
    with torch.inference_mode():
        assert difference(accelerate(copy.deepcopy(plain))(images), plain(images)) < 1e-5


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_backbones_anywhere_in_a_model(runtime):
    pytest.importorskip("onnxruntime")
    model = nn.Sequential(nn.ModuleDict(dict(backbone=backbone()))[("backbone")], nn.Identity())
    images = torch.randn(2, 3, 50, 34)
    with torch.inference_mode():
        want = model(images)
        fast = accelerate(model, runtime)
        assert fast is model and not isinstance(model[0].__dict__.get("cells"), nn.ModuleList)
        assert difference(fast(images), want) < 1e-5
        assert difference(accelerate(backbone(), runtime)(images), want) < 1e-5


def test_a_classifier_answers_alike():
    classifier = CellClassifier(dict(type="CellBackbone", init_channels=4, num_cells=5, stem="cifar"), 3).eval()
    images = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        want = classifier(images)
        assert difference([accelerate(classifier)(images)], [want]) < 1e-5


def test_what_only_infers_says_so():
    pytest.importorskip("onnxruntime")
    fast = accelerate(backbone(), "onnx").train()
    with pytest.raises(UserError, match="only infers"):
        fast(torch.randn(1, 3, 32, 32))


def test_what_cannot_be_accelerated_is_named():
    with pytest.raises(UserError, match="no CellBackbone in Linear"):
        accelerate(nn.Linear(1, 1))
    with pytest.raises(UserError, match="runtime is 'tvm'"):
        accelerate(backbone(), "tvm")  # type: ignore[arg-type]


def test_a_deployed_network_is_a_copy_that_says_how_much_it_differs():
    classifier = CellClassifier(dict(type="CellBackbone", init_channels=4, num_cells=5, stem="cifar"), 3)
    network, images = Network(classifier).eval(), torch.randn(2, 3, 32, 32)
    fast, note = Deployment("torch")(network, images)
    assert any(isinstance(module, nn.BatchNorm2d) for module in network.modules())  # left as it was
    assert "the backbone's feature maps differ by" in note
    with torch.inference_mode():
        assert difference(fast(images), network(images)) < 1e-5


def test_maps_that_change_too_much_are_refused(monkeypatch):
    network = Network(CellClassifier(dict(type="CellBackbone", init_channels=4, num_cells=5, stem="cifar"), 3)).eval()
    monkeypatch.setattr("relnas_mm.inference.deployment.TOLERANCE", -1.0)
    with pytest.raises(UserError, match="--deploy torch changes the feature maps by"):
        Deployment()(network, torch.randn(1, 3, 32, 32))
