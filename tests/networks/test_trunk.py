"""The trunk of cells: what is known of its maps and of its unused modules before any forward pass."""

import pytest
import torch

from relnas_mm.architectures import GENOTYPES
from relnas_mm.networks import CellTrunk
from relnas_mm.networks.feature_info import FeatureInfo
from relnas_mm.networks.trunk import STEM_OUTPUT

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("stem", "output_stride", "channels", "strides"),
    [
        ("cifar", 32, (12, 16, 32, 64), (1, 1, 2, 4)),
        ("imagenet", 32, (4, 16, 32, 64), (4, 8, 16, 32)),
        ("imagenet", 16, (4, 16, 32, 64), (4, 8, 16, 16)),
    ],
)
def test_feature_info_is_what_a_forward_pass_gives(stem, output_stride, channels, strides):
    trunk = CellTrunk(GENOTYPES["relativenas"], 4, 5, stem, output_stride).eval()
    assert trunk.feature_info == dict(zip(("stem", 0, 1, 2), map(FeatureInfo, channels, strides)))
    first, second = trunk.forward_stem(torch.zeros(1, 3, 64, 96))
    maps = [first, *(out for index, out in enumerate(trunk.forward_body(first, second)) if index in trunk.stage_ends)]
    for info, out in zip(trunk.feature_info.values(), maps):
        assert out.shape == (1, info.channels, 64 // info.stride, 96 // info.stride)


@pytest.mark.parametrize("name", ["relativenas", "amoebanet"])
@pytest.mark.parametrize("stem", ["cifar", "imagenet"])
@pytest.mark.parametrize("outputs", [(0,), (1, 3), (4,), (STEM_OUTPUT, 2)])
def test_unused_modules_are_those_without_a_gradient(name, stem, outputs):
    trunk = CellTrunk(GENOTYPES[name], 2, 5, stem)
    first, second = trunk.forward_stem(torch.rand(2, 3, 32, 32))
    maps = {STEM_OUTPUT: first, **dict(enumerate(trunk.forward_body(first, second)))}
    sum(maps[index].square().sum() for index in outputs).backward()
    unused = {id(p) for module in trunk.unused_modules(outputs) for p in module.parameters()}
    assert unused == {id(p) for p in trunk.parameters() if p.grad is None}
