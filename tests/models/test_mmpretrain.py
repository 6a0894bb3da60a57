"""The backbones in mmpretrain's classifier."""

import pytest
import torch
from mmengine.registry import MODELS, DefaultScope

import relnas_mm  # noqa: F401

pytestmark = pytest.mark.mm
pytest.importorskip("mmpretrain.models", reason="mmpretrain is not installed")

CELLS = dict(type="CellBackbone", init_channels=4, num_cells=3, out_indices=(2,))
CHAIN = dict(type="ChainBackbone", out_indices=(2,))


@pytest.mark.parametrize("backbone", [CELLS, CHAIN], ids=lambda config: config["type"])
def test_an_image_classifier_trains_and_predicts(backbone):
    channels = MODELS.build(backbone).out_channels[-1]
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        model = MODELS.build(
            dict(
                type="mmpretrain.ImageClassifier",
                backbone=backbone,
                neck=dict(type="GlobalAveragePooling"),
                head=dict(type="LinearClsHead", num_classes=3, in_channels=channels),
                data_preprocessor=dict(num_classes=3, mean=[127.5] * 3, std=[127.5] * 3),
            )
        )
    from mmpretrain.structures import DataSample

    samples = [DataSample().set_gt_label(label) for label in (0, 2)]
    images = torch.randint(0, 256, (2, 3, 64, 64), generator=torch.Generator().manual_seed(0))
    losses = model(**model.data_preprocessor(dict(inputs=images, data_samples=samples), True), mode="loss")
    losses["loss"].backward()
    assert all(p.grad is not None for p in model.backbone.parameters() if p.requires_grad)
    model.eval()
    with torch.no_grad():
        predictions = model(**model.data_preprocessor(dict(inputs=images, data_samples=samples)), mode="predict")
    assert [tuple(sample.pred_score.shape) for sample in predictions] == [(3,), (3,)]
