"""Classifiers on other backbones, whose weights a detector's backbone takes."""

import pytest
import torch
from mmengine.registry import MODELS, init_default_scope

import relnas_mm  # noqa: F401
from relnas_mm.errors import UserError
from relnas_mm.launch import read_config
from relnas_mm.models import BackboneClassifier

pytestmark = pytest.mark.mm
RESNET = dict(type="mmdet.ResNet", depth=18, stem_channels=16, base_channels=16, out_indices=(3,))


def test_losses_and_predictions():
    torch.manual_seed(0)
    model = BackboneClassifier(RESNET, 128, 5, label_smoothing=0.1)
    images, labels = torch.randn(4, 3, 64, 64), torch.tensor([0, 1, 2, 3])
    losses = model(images, labels, mode="loss")
    assert set(losses) == {"loss_cls"} and losses["loss_cls"].isfinite()
    predictions = model.eval()(images, labels, mode="predict")
    assert predictions[0]["pred_scores"].sum().item() == pytest.approx(1) and predictions[3]["gt_label"] == 3


def test_a_detector_and_a_segmentor_take_its_features(tmp_path):
    """By the names of the weights, with the `init_cfg` that the pipeline sets."""
    classifier = BackboneClassifier(RESNET, 128, 10)
    torch.save({"state_dict": classifier.state_dict(), "meta": {}}, tmp_path / "a.pth")
    for name in (
        "configs/ssdlite/ssdlite320_r18-w0.25_20e_voc-mini.py",
        "configs/deeplabv3plus/deeplabv3plus_r18-w0.25-d16_1xb8-600i_camvid-mini.py",
        "configs/simple_baseline/td-hm_r18-w0.25_1xb16-100e_coco-mini-256x192.py",
    ):
        config = read_config(name)
        init_default_scope(config.default_scope)
        init = dict(type="Pretrained", checkpoint=str(tmp_path / "a.pth"), prefix="backbone.")
        backbone = MODELS.build(dict(config.model.backbone, init_cfg=init))
        backbone.init_weights()
        own, given = backbone.state_dict(), classifier.backbone.state_dict()
        assert len(own) > 100 and own.keys() == given.keys()
        assert all(torch.equal(value, given[key]) for key, value in own.items())


@pytest.mark.parametrize("channels, message", [(0, "must be positive"), (64, "has 128 channels, but in_channels")])
def test_channels_that_do_not_fit(channels, message):
    with pytest.raises(UserError, match=message):
        BackboneClassifier(RESNET, channels, 10)(torch.randn(2, 3, 64, 64))
