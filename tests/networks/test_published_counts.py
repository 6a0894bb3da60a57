"""Networks built from the published cells have the published sizes (RelativeNAS, section 2 of its fact sheet)."""

import pytest
import torch

from relnas_mm.architectures import GENOTYPES
from relnas_mm.networks import CellTrunk, plan_cells

pytestmark = pytest.mark.golden

# genotype, init_channels, num_cells, stem, classes: parameters without auxiliary head, MACs (None: not published)
NETWORKS = {
    ("relativenas", 36, 20, "cifar", 10): (3_928_222, 616_832_640),
    ("relativenas", 36, 20, "cifar", 100): (3_980_152, 616_884_480),
    ("darts_v2", 36, 20, "cifar", 10): (3_349_342, 528_359_040),
    ("darts_v2", 36, 20, "cifar", 100): (3_401_272, 528_410_880),
    ("darts_v1", 36, 20, "cifar", 10): (3_169_414, 500_987_520),
    ("relativenas", 46, 14, "imagenet", 1000): (5_050_029, 562_973_760),
    ("darts_v2", 46, 14, "imagenet", 1000): (4_371_253, 488_068_832),
    ("darts_v2", 48, 14, "imagenet", 1000): (4_718_752, 529_911_552),
    ("relativenas", 48, 14, "imagenet", 1000): (5_452_768, 610_632_192),
}


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def conv_macs(module, image):
    """Multiply-adds of the convolutions, counted as the original release does."""
    total = 0

    def count(layer, _, output):
        nonlocal total
        total += output.numel() * layer.weight[0].numel()

    handles = [m.register_forward_hook(count) for m in module.modules() if isinstance(m, torch.nn.Conv2d)]
    with torch.no_grad():
        list(module.eval().forward_body(*module.forward_stem(image)))
    for handle in handles:
        handle.remove()
    return total


@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: "-".join(map(str, n)))
def test_parameters_and_macs(network):
    name, channels, depth, stem, classes = network
    trunk = CellTrunk(GENOTYPES[name], channels, depth, stem)
    width = trunk.plans[-1].out_channels
    side = 32 if stem == "cifar" else 224
    expected_parameters, expected_macs = NETWORKS[network]
    assert parameters(trunk) + (width + 1) * classes == expected_parameters
    assert conv_macs(trunk, torch.zeros(1, 3, side, side)) + width * classes == expected_macs


@pytest.mark.parametrize("name, channels, count", [("relativenas", 46, 4_313_029), ("darts_v2", 48, 3_949_752)])
def test_backbones(name, channels, count):
    assert parameters(CellTrunk(GENOTYPES[name], channels, 14, "imagenet")) == count


def test_number_of_keys():
    assert len(CellTrunk(GENOTYPES["relativenas"], 46, 14, "imagenet").state_dict()) == 1362 - 9 - 2
    assert len(CellTrunk(GENOTYPES["relativenas"], 36, 20, "cifar").state_dict()) == 1972 - 14 - 2


@pytest.mark.parametrize("stem, channels, depth, unused", [("cifar", 36, 20, 52_272), ("imagenet", 46, 14, 85_192)])
def test_the_reduction_cells_never_read_node_0(stem, channels, depth, unused):
    trunk = CellTrunk(GENOTYPES["relativenas"], channels, depth, stem)
    modules = [trunk.cells[plan.index].preprocess0 for plan in trunk.plans if plan.reduction]
    assert sum(map(parameters, modules)) == unused
    list(trunk.forward_body(*trunk.forward_stem(torch.rand(2, 3, 64, 64))))[-1].sum().backward()
    without_gradient = {name for name, p in trunk.named_parameters() if p.grad is None}
    assert without_gradient == {
        f"cells.{plan.index}.preprocess0.{name}"
        for plan in trunk.plans
        if plan.reduction
        for name, _ in trunk.cells[plan.index].preprocess0.named_parameters()
    }


def test_places_of_the_cells():
    cifar = plan_cells(GENOTYPES["relativenas"], 36, 20, "cifar")
    assert [p.index for p in cifar if p.reduction] == [6, 13]
    assert [p.index for p in cifar if p.previous_reduction] == [7, 14]
    assert [p.out_channels for p in cifar] == [144] * 6 + [288] * 7 + [576] * 7
    imagenet = plan_cells(GENOTYPES["relativenas"], 46, 14, "imagenet")
    assert [p.index for p in imagenet if p.previous_reduction] == [0, 5, 10]
    assert [p.stride for p in imagenet] == [8] * 4 + [16] * 5 + [32] * 5
    assert [p.out_channels for p in imagenet] == [184] * 4 + [368] * 5 + [736] * 5


def test_keys_are_those_of_the_original_release():
    keys = set(CellTrunk(GENOTYPES["relativenas"], 46, 14, "imagenet").state_dict())
    operations = {key.split(".", 2)[2].removeprefix("_ops.") for key in keys if key.startswith("cells.4.")}
    assert {"stem0.0.weight", "stem0.1.bias", "stem0.3.weight", "stem0.4.running_var"} <= keys
    assert {"stem1.1.weight", "stem1.2.num_batches_tracked"} <= keys
    assert {
        "cells.0.preprocess0.conv_1.weight",
        "cells.0.preprocess0.conv_2.weight",
        "cells.0.preprocess0.bn.bias",
    } <= keys
    assert {"cells.1.preprocess0.op.1.weight", "cells.1.preprocess1.op.2.running_mean"} <= keys
    assert {f"cells.0._ops.0.op.{i}.weight" for i in (1, 2, 3, 5, 6, 7)} <= keys
    assert {f"cells.0._ops.1.op.{i}.weight" for i in (1, 2, 3)} <= keys
    assert not any(key.startswith("cells.0._ops.6.") for key in keys)
    assert {"5.conv_1.weight", "5.conv_2.weight", "5.bn.weight"} <= operations
    assert not any(key[0] in "0134" for key in operations if key[0].isdigit())
