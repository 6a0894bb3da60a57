"""Whole models of mmdet, mmseg and mmpose: one training step and one prediction each, random weights, noise."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("mmengine")
pytestmark = [pytest.mark.mm, pytest.mark.filterwarnings("ignore")]

RESNET18 = {"depth": 18, "init_cfg": None}
KEEP_ALL = {"rpn": {"nms_pre": 100, "max_per_img": 50}, "rcnn": {"score_thr": 0.0}}
DETECTORS = {  # name: config, changes, image size
    "ssd300": (
        "ssd/ssd300_coco.py",
        {"backbone": {"init_cfg": None}, "test_cfg": {"score_thr": 0.0, "nms_pre": 100}},
        300,
    ),
    "retinanet": (
        "retinanet/retinanet_r18_fpn_1x_coco.py",
        {"backbone": RESNET18, "test_cfg": {"score_thr": 0.0, "nms_pre": 100}},
        128,
    ),
    "faster-rcnn": (
        "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py",
        {"backbone": RESNET18, "neck": {"in_channels": [64, 128, 256, 512]}, "test_cfg": KEEP_ALL},
        128,
    ),
}
DEEPLAB = "deeplabv3plus/deeplabv3plus_r18-d8_4xb2-80k_cityscapes-512x1024.py"
SIMPLE_BASELINE = "body_2d_keypoint/topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-256x192.py"


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002  (mm packages draw from the global generator)


def model_from(package, path, changes):
    """The model of a config that ships in the wheel of `package`."""
    module = pytest.importorskip(package)
    importlib.import_module(f"{package}.models")
    from mmengine.config import Config
    from mmengine.model import revert_sync_batchnorm
    from mmengine.registry import MODELS, DefaultScope

    config = Config.fromfile(Path(module.__file__).parent / ".mim" / "configs" / path)
    config.merge_from_dict({"model": changes})
    with DefaultScope.overwrite_default_scope(package):
        model = revert_sync_batchnorm(MODELS.build(config.model))
        model.init_weights()
    return model


def train_and_predict(model, batch):
    """The loss of one training step, whose gradients are checked, and predictions for the same images."""
    model.train()
    loss, _ = model.parse_losses(model(**model.data_preprocessor(batch(), True), mode="loss"))
    loss.backward()
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    assert grads and all(torch.isfinite(grad).all() for grad in grads)
    assert torch.isfinite(loss) and loss > 0
    model.eval()
    with torch.no_grad():
        return model(**model.data_preprocessor(batch(), False), mode="predict")


def images(size):
    return [torch.randint(0, 256, (3, size, size), dtype=torch.uint8) for _ in range(2)]


@pytest.mark.parametrize("name", DETECTORS)
def test_detector(name):
    path, changes, size = DETECTORS[name]
    model = model_from("mmdet", path, changes)
    from mmdet.structures import DetDataSample
    from mmdet.structures.bbox import HorizontalBoxes
    from mmengine.structures import InstanceData

    def sample():
        shape = (size, size)
        shapes = dict.fromkeys(("img_shape", "ori_shape", "batch_input_shape", "pad_shape"), shape)
        out = DetDataSample(metainfo={**shapes, "scale_factor": (1.0, 1.0), "img_id": 0})
        corner = torch.rand(3, 2) * size / 2
        boxes = torch.cat([corner, corner + 8 + torch.rand(3, 2) * (size / 2 - 8)], 1)
        out.gt_instances = InstanceData(bboxes=HorizontalBoxes(boxes), labels=torch.arange(3))
        return out

    found = train_and_predict(model, lambda: {"inputs": images(size), "data_samples": [sample(), sample()]})
    for one in found:
        boxes = one.pred_instances.bboxes
        assert 0 < len(boxes) <= 200 and torch.isfinite(boxes).all()
        assert (one.pred_instances.scores.diff() <= 0).all()


def test_deeplab():
    size = 64
    changes = {
        "pretrained": None,
        "backbone": {"init_cfg": None},
        "data_preprocessor": {"size": (size, size)},
    }
    model = model_from("mmseg", DEEPLAB, changes)
    from mmengine.structures import PixelData
    from mmseg.structures import SegDataSample

    def sample():
        out = SegDataSample(metainfo=dict.fromkeys(("img_shape", "ori_shape", "pad_shape"), (size, size)))
        out.gt_sem_seg = PixelData(data=torch.randint(0, 19, (1, size, size)))
        return out

    maps = train_and_predict(model, lambda: {"inputs": images(size), "data_samples": [sample(), sample()]})
    assert [tuple(one.pred_sem_seg.data.shape) for one in maps] == [(1, size, size)] * 2


def test_simple_baseline():
    changes = {"backbone": RESNET18, "head": {"in_channels": 512}}
    model = model_from("mmpose", SIMPLE_BASELINE, changes)
    from mmpose.testing import get_packed_inputs

    people = train_and_predict(model, lambda: get_packed_inputs(2, with_heatmap=True))
    assert [one.pred_instances.keypoints.shape for one in people] == [(1, 17, 2)] * 2
