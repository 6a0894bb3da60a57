"""SSD, Faster R-CNN, RetinaNet on cell backbones: maps, anchors, what is frozen, equal recipes, mmdet's inference."""

from pathlib import Path

import pytest
import torch
from helpers import ROOT
from helpers.mm import build, read_untrained
from PIL import Image
from torch import nn

from relnas_mm.analysis.samples import detection_samples

pytestmark = pytest.mark.mm

FASTER, RETINA = "faster_rcnn/faster-rcnn_relativenas", "retinanet/retinanet_relativenas"
SMALL = {FASTER: f"{FASTER}-c16l6_fpn_4e_shapes-voc", RETINA: f"{RETINA}-c16l6_fpn_4e_shapes-voc"}
OTHERS = ("darts-v2-c48", "mobilenetv2", "r50")
FASTERS = [f"faster_rcnn/faster-rcnn_{name}_fpn_1x_voc0712" for name in ("relativenas", *OTHERS)]
IMAGE = str(ROOT / "docs" / "images" / "quickstart.jpg")


@pytest.mark.parametrize("name", [*FASTERS, f"{RETINA}_fpn_1x_voc0712", *SMALL.values()])
def test_maps_are_those_that_fpn_and_anchors_expect(name):
    model = build(read_untrained(name).model, "mmdet").eval()
    with torch.no_grad():
        maps = model.backbone(torch.zeros(1, 3, 128, 192))
        levels = model.extract_feat(torch.zeros(1, 3, 128, 192))
    assert [128 // x.shape[2] for x in maps] == [192 // x.shape[3] for x in maps] == [4, 8, 16, 32]
    assert [x.shape[1] for x in maps] == model.neck.in_channels
    head = getattr(model, "rpn_head", None) or model.bbox_head
    assert [x.shape[2] for x in levels] == [-(-128 // side) for side, _ in head.prior_generator.strides]


@pytest.mark.parametrize("name", FASTERS)
def test_pretrained_backbones_are_frozen_up_to_stride_4_and_keep_their_statistics(name):
    backbone = build(read_untrained(name).model, "mmdet").train().backbone
    assert not any(module.training for module in backbone.modules() if isinstance(module, nn.BatchNorm2d))
    fixed = {key for key, value in backbone.named_parameters() if not value.requires_grad}
    # cells 4 and 9 of RelativeNAS reduce and never read node 0
    idle = {key for key in fixed if key.startswith(("cells.4.preprocess0.", "cells.9.preprocess0."))}
    frozen = {key.split(".")[0] for key in fixed - idle}
    assert bool(idle) == ("relativenas" in name)
    expected = {"mobilenetv2": {"conv1", "layer1", "layer2"}, "r50": {"conv1", "bn1", "layer1"}}
    assert frozen == next((parts for key, parts in expected.items() if key in name), {"stem0", "stem1"})


@pytest.mark.parametrize("name", SMALL.values())
def test_every_trained_parameter_gets_a_gradient(name):
    """So that distributed training waits for nothing, without `find_unused_parameters`."""
    model = build(read_untrained(name).model, "mmdet").train()
    losses = model(torch.randn(2, 3, 160, 160), detection_samples(2, (160, 160), torch.device("cpu")), mode="loss")
    total, _ = model.parse_losses(losses)
    total.backward()
    without = {key for key, value in model.named_parameters() if value.grad is None}
    assert without == {key for key, value in model.named_parameters() if not value.requires_grad}
    assert without and all(key.startswith("backbone.cells.") and "preprocess0" in key for key in without)


@pytest.mark.parametrize("name, grids", [("ssd300", (38, 19, 10, 5, 3, 1)), ("ssd512", (64, 32, 16, 8, 4, 2, 1))])
def test_ssd_has_the_grids_and_anchors_of_vgg(name, grids):
    from mmengine.config import Config

    model = build(read_untrained(f"ssd/{name}_relativenas_120e_voc0712").model, "mmdet").eval()
    side = int(name[3:])
    with torch.no_grad():
        maps = model.extract_feat(torch.zeros(1, 3, side, side))
    assert tuple(x.shape[2] for x in maps) == tuple(x.shape[3] for x in maps) == grids
    theirs = build(Config.fromfile(f"{mmdet_configs()}/pascal_voc/{name}_voc0712.py").model, "mmdet").bbox_head
    sizes = [(grid, grid) for grid in grids]
    ours, theirs = (head.prior_generator.grid_priors(sizes, device="cpu") for head in (model.bbox_head, theirs))
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert sum(map(len, ours)) == {"ssd300": 8732, "ssd512": 24564}[name]


def mmdet_configs():
    import mmdet

    return Path(mmdet.__file__).parent / ".mim" / "configs"


def flatten(node, path=""):
    if isinstance(node, (dict, list, tuple)):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from flatten(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, node


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize(
    "name, widths",
    [
        ("faster_rcnn/faster-rcnn_{}_fpn_1x_voc0712", ("model.neck.in_channels",)),
        (
            "ssd/ssd300_{}_120e_voc0712",
            ("model.neck.in_channels", "model.neck.out_channels", "model.bbox_head.in_channels"),
        ),
    ],
)
def test_backbones_are_compared_under_one_recipe(name, widths, other):
    ours, theirs = (
        dict(flatten(read_untrained(name.format(backbone)).to_dict())) for backbone in ("relativenas", other)
    )
    different = {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}
    ignored = ("model.backbone.", "filename", "custom_imports")
    assert {key.rpartition(".")[0] for key in different if not key.startswith(ignored)} == set(widths)


@pytest.mark.data
@pytest.mark.parametrize(
    "name, count, side",
    [
        ("ssd/ssd512_relativenas_120e_voc0712", 600, (512, 512)),
        ("ssd/ssd300_r50_120e_voc0712", 600, (300, 300)),
        (FASTERS[0], 1800, None),
    ],
)
def test_both_years_of_voc_are_read(name, count, side, data_root, tmp_path, monkeypatch):
    for year in ("VOC2007", "VOC2012"):
        (tmp_path / year).symlink_to(data_root / "VOCdevkit-mini" / "VOC2007")
    monkeypatch.setenv("VOC_ROOT", f"{tmp_path}/")
    config = read_untrained(name)
    train = build(config.train_dataloader.dataset, "mmdet", "datasets")
    test = build(config.test_dataloader.dataset, "mmdet", "datasets")
    assert 0.98 * count <= len(train) <= count and len(test) == 100 and len(train.metainfo["classes"]) == 20
    for data, index in ((train, 0), (train, len(train) - 1), (test, 3)):
        sample = data[index]
        size = tuple(sample["inputs"].shape[1:])
        assert size == side if side else max(size) <= 1000 and min(size) <= 600 and (1000 in size or 600 in size)
        assert sample["data_samples"].img_shape == size
    assert "VOC2012" in train[len(train) - 1]["data_samples"].img_path


@pytest.mark.parametrize("name", [SMALL[FASTER], "ssd/ssd300_relativenas_120e_voc0712"])
def test_mmdets_own_inference(name, tmp_path):
    """A detector trained by nobody, through the two doors that mmdet's users know, on one of the README's pictures."""
    from mmdet.apis import DetInferencer, inference_detector, init_detector

    config = read_untrained(name)
    config.model.test_cfg.get("rcnn", config.model.test_cfg).score_thr = 0.0
    path = str(tmp_path / "config.py")
    config.dump(path)
    torch.manual_seed(0)
    model = init_detector(path, device="cpu")
    width, height = Image.open(IMAGE).size
    found = inference_detector(model, IMAGE).pred_instances
    assert len(found) and found.bboxes[:, 2].max() <= width and found.bboxes[:, 3].max() <= height
    weights = tmp_path / "weights.pth"
    torch.save({"state_dict": model.state_dict(), "meta": {}}, weights)
    inferencer = DetInferencer(path, str(weights), device="cpu", show_progress=False)
    result = inferencer(IMAGE, return_vis=True, no_save_vis=True)
    assert result["predictions"][0]["scores"] == pytest.approx(found.scores.tolist(), abs=1e-6)
    assert result["visualization"][0].shape == (height, width, 3)
