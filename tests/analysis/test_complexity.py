"""Published sizes and costs, counted by parts; unused parameters against real gradients."""

import re

import pytest
import torch
from helpers import ROOT
from mmengine.analysis import get_model_complexity_info
from mmengine.config import Config
from torch import nn

from relnas_mm.analysis.complexity import complexity
from relnas_mm.analysis.dependence import unused_parameters
from relnas_mm.analysis.macs import count_macs
from relnas_mm.analysis.network import Network, build_model
from relnas_mm.architectures import load_genotype
from relnas_mm.errors import UserError
from relnas_mm.models import CellClassifier
from relnas_mm.networks import NetworkShape

README = re.findall(r"```python\n(_base_ = .*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
PUBLISHED = {
    "cifar10": ("configs/cifar/relativenas-c36l20_1xb128-600e_cifar10.py", 32, 3_928_222, 616_832_640, 52_272),
    "imagenet": ("configs/imagenet/relativenas-c46l14_8xb128-250e_imagenet.py", 224, 5_050_029, 562_973_760, 85_192),
    "darts": ("configs/cifar/darts-v2-c36l20_1xb128-600e_cifar100.py", 32, 3_401_272, 528_410_880, 0),
    "ssdlite": ("configs/ssdlite/ssdlite320_relativenas_200e_voc0712.py", 320, 5_069_824, 1_202_970_565, 85_192),
}


def network_of(config: Config, name: str) -> Network:
    return Network(build_model(config, name)).eval()


def readme(scope: str) -> Network:
    (text,) = (text for text in README if f"'{scope}::" in text)
    return network_of(Config.fromstring(text, ".py"), scope)


def small(stem="cifar", **backbone) -> Network:
    """A classifier that runs in milliseconds, on images of 32 or 64 pixels."""
    backbone = dict(type="CellBackbone", init_channels=4, num_cells=5, stem=stem, **backbone)
    return Network(CellClassifier(backbone, num_classes=3)).eval()


@pytest.mark.golden
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_counts(name):
    path, side, parameters, macs, unused = PUBLISHED[name]
    network = network_of(Config.fromfile(ROOT / path), path)
    images = torch.randn(1, 3, side, side)
    sizes = {key: value.numel() for key, value in network.model.named_parameters()}
    assert sum(size for key, size in sizes.items() if not key.startswith("auxiliary_head.")) == parameters
    assert count_macs(network, images).quoted[""] == macs
    assert sum(sizes[key] for key in unused_parameters(network, images)) == unused


@pytest.mark.mm
def test_other_counts_of_a_classifier():
    """Searches estimate costs analytically, and mmengine counts in the traced graph: other code, same figures."""
    network, images = small(), torch.randn(1, 3, 32, 32)
    whole = complexity(network, images, None)
    assert [part.name for part in whole] == ["backbone", "auxiliary_head", "classifier", "total in use", "total"]
    in_use, total = whole[-2:]
    estimate = load_genotype("relativenas").cost(NetworkShape(4, 5, num_classes=3))
    assert (in_use.parameters, in_use.macs) == (estimate.params, estimate.macs)
    info = get_model_complexity_info(network, inputs=(images,), show_table=False, show_arch=False)
    assert (total.flops, total.activations, total.parameters) == (info["flops"], info["activations"], info["params"])
    assert total.unused is None


@pytest.mark.golden
@pytest.mark.mm
def test_pose_estimator():
    """SimpleBaseline of the paper: published without its deconvolutions."""
    network = readme("mmpose")
    assert sum(parameter.numel() for parameter in network.parameters()) == 9_430_742
    counts = count_macs(network, torch.randn(1, 3, 256, 192))
    assert round(counts.quoted[""] / 1e6, 2) == 564.19
    kernel = 4 * 4 * 256
    assert counts.all[""] - counts.quoted[""] == kernel * (736 * 8 * 6 + 256 * 16 * 12 + 256 * 32 * 24)


@pytest.mark.mm
def test_detector_of_the_readme():
    network, images = readme("mmdet"), torch.randn(1, 3, 64, 96)
    *parts, total = complexity(network, images, unused_parameters(network, images))
    assert [part.name for part in parts] == ["backbone", "neck", "rpn_head", "roi_head"]
    assert sum(part.parameters for part in parts) == total.parameters == 21_609_017
    assert [part.unused for part in parts] == [85_192, 0, 0, 0]
    regions = len(network(images)[0])
    roi_head = parts[-1]
    assert roi_head.macs == regions * (256 * 7 * 7 * 1024 + 1024 * 1024 + 1024 * (21 + 80))


@pytest.mark.mm
def test_segmentor_of_the_readme():
    network, images = readme("mmseg"), torch.randn(1, 3, 64, 96)
    *parts, in_use, total = complexity(network, images, unused_parameters(network, images))
    assert [part.name for part in parts] == ["backbone", "decode_head", "auxiliary_head"]
    auxiliary = parts[-1]
    assert auxiliary.parameters == 213_331 and auxiliary.unused == 0 and auxiliary.macs is auxiliary.flops is None
    assert (in_use.name, in_use.parameters) == ("total in use", total.parameters - 213_331)
    assert total.macs == parts[0].macs + parts[1].macs


def test_multiply_adds_of_each_kind():
    """A grouped convolution with bias called twice, a linear layer, a deconvolution."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1, groups=2))
            self.up = nn.ConvTranspose2d(4, 2, 2, stride=2, bias=False)
            self.head = nn.Linear(2, 5)

        def forward(self, x):
            return self.head(self.up(self.body(self.body(x))).mean((2, 3)))

    counts = count_macs(Net().eval(), torch.randn(2, 4, 6, 5))
    body = 2 * (2 * 30) * (4 * 2 * 9 + 4)
    assert counts.quoted == {"": body + 2 * 10, "body": body, "body.0": body, "head": 2 * 10}
    assert counts.all["up"] == (2 * 30) * (4 * 2 * 4) and counts.all[""] == counts.quoted[""] + counts.all["up"]
    assert counts.ran("up") and not counts.ran("neck")


def without_gradient(network: Network, images: torch.Tensor) -> set[str]:
    """The slow way to the unused parameters."""
    model = network.model.train().requires_grad_(True)
    sum(model.loss(images, torch.zeros(len(images), dtype=torch.int64)).values()).backward()
    return {name for name, parameter in model.named_parameters() if parameter.grad is None}


@pytest.mark.parametrize("stem", ["cifar", "imagenet"])
@pytest.mark.parametrize("genotype", ["relativenas", "darts_v2"])
def test_unused_parameters_are_those_without_a_gradient(genotype, stem):
    network, images = small(stem, genotype=genotype), torch.randn(2, 3, 64, 64)
    found = unused_parameters(network, images[:1])
    assert found == without_gradient(network, images)
    assert bool(found) == (genotype == "relativenas")


def test_frozen_or_recomputed_parts_are_not_unused():
    images = torch.randn(1, 3, 32, 32)
    plain = unused_parameters(small(), images)
    assert unused_parameters(small(frozen_stages=2), images) == unused_parameters(small(with_cp=True), images) == plain
    network = small(frozen_stages=2)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    unused_parameters(network, images)
    assert all(value.equal(before[name]) for name, value in network.state_dict().items())
    assert not network.training and not next(network.parameters()).requires_grad


def test_what_is_read_but_never_called_runs():
    """DETR's queries, say; unlike a part that nothing reads."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.queries, self.spare, self.norm = nn.Embedding(3, 2), nn.Embedding(5, 1), nn.Identity()

        def forward(self, images, mode):
            return images * self.queries.weight.sum()

    images = torch.randn(1, 3, 4, 4)
    queries, spare, in_use, total = complexity(Network(Net()).eval(), images, unused_parameters(Network(Net()), images))
    assert (queries.name, queries.macs, queries.unused) == ("queries", 0, 0)
    assert (spare.name, spare.macs, spare.unused) == ("spare", None, 5)
    assert (in_use.parameters, total.parameters, total.unused) == (6, 11, 5)


def test_images_that_are_too_small():
    path = ROOT / "configs" / "ssd" / "ssd300_relativenas_120e_voc07.py"
    network = network_of(Config.fromfile(path), str(path))
    with pytest.raises(UserError, match=r"^SingleStageDetector cannot run on an image of 20x24: .*Kernel size"):
        complexity(network, torch.randn(1, 3, 20, 24), None)
