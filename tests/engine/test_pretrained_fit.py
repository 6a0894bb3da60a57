"""Pretrained weights of mm backbones that do not fit end the training instead of being left out."""

import logging

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.registry import MODELS

import relnas_mm  # noqa: F401
from relnas_mm.engine.hooks import PretrainedFitHook
from relnas_mm.errors import UserError

pytestmark = pytest.mark.mm


class Model(BaseModel):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = MODELS.build(backbone)

    def forward(self, inputs, data_samples=None, mode="tensor"):
        return self.backbone(inputs)


class Fake:
    def __init__(self, model):
        self.model, self.logger = model, logging.getLogger("test_pretrained_fit")


def checked(backbone, path, **init):
    init = dict(type="Pretrained", checkpoint=str(path), prefix="backbone.") | init
    PretrainedFitHook().before_run(Fake(Model(dict(backbone, init_cfg=init))))


def save(backbone, path):
    weights = {f"backbone.{name}": value for name, value in MODELS.build(backbone).state_dict().items()}
    torch.save({"state_dict": weights}, path)
    return weights


def test_the_same_backbone_of_another_package_fits_if_it_has_the_names(tmp_path, caplog):
    save(dict(type="mmdet.ResNet", depth=18, stem_channels=8, base_channels=8), tmp_path / "a.pth")
    for package in ("mmdet", "mmseg", "mmpose"):
        checked(dict(type=f"{package}.ResNet", depth=18, stem_channels=8, base_channels=8), tmp_path / "a.pth")
    assert not caplog.records


def test_other_names_are_refused(tmp_path):
    save(dict(type="mmdet.MobileNetV2", widen_factor=0.25), tmp_path / "a.pth")
    with pytest.raises(UserError, match=r"\(init_cfg of model\.backbone\) hold \d+ of the \d+ that MobileNetV2 has"):
        checked(dict(type="mmseg.MobileNetV2", widen_factor=0.25), tmp_path / "a.pth")


def test_another_width_and_a_wrong_prefix_are_refused(tmp_path):
    save(dict(type="mmdet.ResNet", depth=18, stem_channels=8, base_channels=8), tmp_path / "a.pth")
    with pytest.raises(UserError, match="conv1.weight is missing or has another shape"):
        checked(dict(type="mmdet.ResNet", depth=18, stem_channels=4, base_channels=4), tmp_path / "a.pth")
    with pytest.raises(UserError, match="under 'student.'.* hold 0 of the 100 that ResNet has"):
        checked(
            dict(type="mmdet.ResNet", depth=18, stem_channels=8, base_channels=8), tmp_path / "a.pth", prefix="student."
        )


def test_what_is_missing_is_told(tmp_path, caplog):
    backbone = dict(type="mmdet.ResNet", depth=18, stem_channels=8, base_channels=8)
    weights = save(backbone, tmp_path / "a.pth")
    del weights["backbone.conv1.weight"]
    torch.save({"state_dict": weights}, tmp_path / "a.pth")
    with caplog.at_level(logging.WARNING, "test_pretrained_fit"):
        checked(backbone, tmp_path / "a.pth")
    assert "1 of 100 weights of model.backbone are not in" in caplog.text and "such as conv1.weight" in caplog.text
