"""DeepLab on cell backbones: what the configs say of strides, low-level maps and rates is what the networks do."""

import functools
import math

import pytest
import torch
import yaml
from helpers import ROOT
from helpers.mm import build, read
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS
from torch import nn

from relnas_mm.analysis.macs import count_macs
from relnas_mm.launch import read_config

pytestmark = pytest.mark.mm

CONFIGS = ROOT / "configs"
PLUS = "deeplabv3plus/deeplabv3plus_relativenas-d8_4xb2-80k_cityscapes-512x1024"
FIRST = {
    "bisenet": "bisenet_relativenas_2xb8-80k_cityscapes-1024x1024",
    "deeplabv3": "deeplabv3_relativenas-d8",
    "deeplabv3plus": "deeplabv3plus_relativenas-d8",
}
COMPARED = sorted(
    path
    for folder in ("deeplabv3", "deeplabv3plus", "bisenet")
    for path in (CONFIGS / folder).glob("*_cityscapes-*x[0-9]*.py")
    if not path.stem.endswith(("_ms-flip", "_slide", "_whole")) and "-reference" not in path.stem
)

ENTRIES = [
    entry
    for folder in ("deeplabv3", "deeplabv3plus")
    for entry in yaml.safe_load((CONFIGS / folder / "metafile.yml").read_text())["Models"]
]


def shrink(model):
    """The same config with a tiny cell and thin heads."""
    low = model.backbone.out_indices[0]
    model.backbone.update(init_channels=4, num_cells=4)
    model.decode_head.update(in_channels=64, channels=16)
    if "c1_in_channels" in model.decode_head:
        model.decode_head.update(c1_in_channels=4 if low == "stem" else 16, c1_channels=8)
    model.auxiliary_head.update(in_channels=32, channels=8)
    return model


def sample(height, width):
    from mmengine.structures import PixelData
    from mmseg.structures import SegDataSample

    size = {"ori_shape": (height, width), "img_shape": (height, width), "pad_shape": (height, width)}
    found = SegDataSample(metainfo=size)
    found.gt_sem_seg = PixelData(data=torch.zeros(1, height, width).long())
    return found


@pytest.mark.parametrize("arch", ["deeplabv3", "deeplabv3plus"])
@pytest.mark.parametrize("stride", [8, 16])
def test_output_stride_and_any_image_size(arch, stride):
    model = build(shrink(read(f"{arch}/{arch}_relativenas-d{stride}_4xb2-80k_cityscapes-512x1024").model), "mmseg")
    maps = model.extract_feat(torch.rand(2, 3, 97, 131))
    strides = ([4] if arch == "deeplabv3plus" else []) + [min(16, stride), stride]
    assert [x.shape[2:] for x in maps] == [(math.ceil(97 / s), math.ceil(131 / s)) for s in strides]
    losses = model.loss(torch.rand(2, 3, 97, 131), [sample(97, 131)] * 2)
    sum(value for name, value in losses.items() if "loss" in name).backward()
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)
    (found,) = model.eval().predict(torch.rand(1, 3, 97, 131), [sample(97, 131)])
    assert found.pred_sem_seg.data.shape == (1, 97, 131)


class Infers(nn.Module):
    """What runs outside of training."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model.decode_head(self.model.extract_feat(x))


@pytest.mark.golden
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["Name"])
def test_multiply_adds_are_those_of_the_index(entry):
    config = read(entry["Config"].removeprefix("configs/").removesuffix(".py"))
    model = build(config.model, "mmseg").eval()
    used = sum(value.numel() for name, value in model.named_parameters() if not name.startswith("auxiliary_head."))
    image = torch.empty(1, 3, *config.model.data_preprocessor.size, device="meta")  # shapes only
    macs = count_macs(Infers(model).to("meta"), image).quoted[""]
    assert (used, macs) == (entry["Metadata"]["Parameters"], entry["Metadata"]["FLOPs"])


def test_stage_0_as_low_level_map():
    config = read(PLUS).model
    config.backbone.out_indices = (0, 1, 2)
    model = build(shrink(config), "mmseg").eval()
    low = model.extract_feat(torch.rand(1, 3, 64, 64))[0]
    assert low.shape == (1, 16, 8, 8)
    assert model(torch.rand(1, 3, 64, 64)).shape[2:] == (8, 8)


def test_weights_of_one_output_stride_are_those_of_the_other():
    eight = build(shrink(read(PLUS).model), "mmseg")
    sixteen = build(shrink(read(PLUS.replace("-d8", "-d16")).model), "mmseg")
    sixteen.load_state_dict(eight.state_dict())


def test_heads_learn_ten_times_as_fast_after_a_warm_up():
    config = read(PLUS)
    model = nn.ModuleDict(dict(backbone=nn.Conv2d(1, 1, 1), decode_head=nn.Conv2d(1, 1, 1)))
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    schedulers = [PARAM_SCHEDULERS.build(dict(part, optimizer=wrapper)) for part in config.param_scheduler]
    rates = []
    for _ in range(1002):
        rates.append([group["lr"] for group in wrapper.optimizer.param_groups])
        wrapper.step()
        for scheduler in schedulers:
            scheduler.step()
    assert rates[0] == pytest.approx([1e-5, 1e-5, 1e-4, 1e-4])
    assert rates[500][0] == pytest.approx(0.005, rel=0.01)
    assert rates[1000] == pytest.approx([0.01, 0.01, 0.1, 0.1], rel=0.002)
    assert rates[1001][0] < rates[1000][0]


@functools.cache
def recipe(folder):
    """The config of the published cell."""
    (path,) = (path for path in COMPARED if path.parent.name == folder and path.stem.startswith(FIRST[folder]))
    return read_config(str(path))


@pytest.mark.parametrize("path", COMPARED, ids=lambda path: path.stem)
def test_backbones_are_compared_under_one_recipe(path):
    first, other = recipe(path.parent.name), read_config(str(path))
    for key in ("optim_wrapper", "param_scheduler", "train_cfg", "train_dataloader", "val_dataloader", "custom_hooks"):
        assert other[key] == first[key], key
    assert other.train_cfg.max_iters == 80_000
    thin = ("in_channels", "c1_in_channels", "in_index", "dilations")
    ours, theirs = (
        {key: value for key, value in config.model.decode_head.items() if key not in thin} for config in (first, other)
    )
    assert ours == theirs


@pytest.mark.parametrize("folder", ["deeplabv3plus", "bisenet"])
def test_multi_scale_tests_have_twelve_views(folder):
    (path,) = (CONFIGS / folder).glob("*_ms-flip.py")
    config = read_config(str(path))
    *_, augmented = config.test_dataloader.dataset.pipeline
    scales, flips = augmented.transforms[:2]
    assert [step.scale_factor for step in scales] == [0.5, 0.75, 1.0, 1.25, 1.5, 1.75]
    assert [step.prob for step in flips] == [0.0, 1.0]
    assert config.model.type == "SegTTAModel" and config.model.module.type.endswith("EncoderDecoder")


def test_shapes_and_voc_are_checked(monkeypatch):
    for name, checked in {
        "deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_shapes": "CheckedSegDataset",
        "deeplabv3plus_relativenas-d8_4xb4-80k_voc12aug-512x512": "CheckedPascalVOCDataset",
    }.items():
        config = read(f"deeplabv3plus/{name}")
        train = config.train_dataloader.dataset
        for dataset in (*train.get("datasets", [train]), config.val_dataloader.dataset, config.test_dataloader.dataset):
            assert dataset.type == checked
        classes = (train.get("metainfo") or {}).get("classes")
        assert config.model.decode_head.num_classes == (len(classes) if classes else 21)
