"""The data configs: the mm dataset classes and metrics read what the writers wrote."""

import importlib

import pytest
import torch
from helpers import ROOT

import relnas_mm  # noqa: F401  (applies the compatibility layer)
from relnas_mm.datasets.shapes import CITYSCAPES_CLASSES, CITYSCAPES_PALETTE, VOC_CLASSES, VOC_PALETTE, generate_shapes

pytestmark = pytest.mark.mm
CONFIGS = ROOT / "configs" / "_base_" / "datasets"


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Writes a layout where the config looks for it, and builds the config's train and val datasets and metric."""
    monkeypatch.chdir(tmp_path)

    def build(package: str, layout: str):
        from mmengine.config import Config
        from mmengine.registry import DATASETS, METRICS, DefaultScope

        for part in ("datasets", "evaluation"):
            importlib.import_module(f"{package}.{part}")
        generate_shapes(f"data/shapes/{layout}", layout, {"train": 12, "val": 6}, progress=False)
        config = Config.fromfile(CONFIGS / f"shapes_{layout}.py")
        with DefaultScope.overwrite_default_scope(package):
            train, val = (DATASETS.build(loader.dataset) for loader in (config.train_dataloader, config.val_dataloader))
            metric = METRICS.build(config.val_evaluator)
        metric.dataset_meta = val.metainfo
        return train, val, metric

    return build


def test_mmdet_reads_voc_and_scores_the_truth_with_one(build):
    train, val, metric = build("mmdet", "voc")
    assert len(train) == 12 and len(val) == 6
    assert tuple(val.metainfo["classes"]) == VOC_CLASSES
    assert tuple(map(tuple, val.metainfo["palette"])) == VOC_PALETTE
    for item in (train[i] for i in range(12)):
        boxes = item["data_samples"].gt_instances.bboxes.tensor
        assert tuple(item["inputs"].shape) == (3, 160, 160)
        assert len(boxes) and boxes.min() >= 0 and boxes.max() <= 160
    for i in range(len(val)):
        sample = val[i]["data_samples"]
        truth = sample.gt_instances
        sample.gt_instances.bboxes = truth.bboxes.tensor
        sample.ignored_instances.bboxes = sample.ignored_instances.bboxes.tensor
        found = {"bboxes": truth.bboxes, "labels": truth.labels, "scores": torch.ones(len(truth))}
        metric.process({}, [{**sample.to_dict(), "pred_instances": found}])
    assert metric.evaluate(len(val))["pascal_voc/mAP"] == pytest.approx(1.0)


def test_mmdets_own_voc_dataset_reads_them_too(build):
    _, val, _ = build("mmdet", "voc")
    from mmdet.datasets import VOCDataset

    prefix = {"sub_data_root": "VOC2007/"}
    own = VOCDataset(
        data_root="data/shapes/voc/VOCdevkit/",
        ann_file="VOC2007/ImageSets/Main/val.txt",
        data_prefix=prefix,
        metainfo={"classes": VOC_CLASSES},
        test_mode=True,
        pipeline=[],
    )
    assert own.metainfo["dataset_type"] == "VOC2007"
    assert [info["instances"] for info in own] == [val.get_data_info(i)["instances"] for i in range(len(val))]


def test_mmseg_reads_cityscapes_and_scores_the_truth_with_one(build):
    train, val, metric = build("mmseg", "cityscapes")
    assert len(train) == 12 and len(val) == 6
    assert tuple(val.metainfo["classes"]) == CITYSCAPES_CLASSES
    assert tuple(map(tuple, val.metainfo["palette"])) == CITYSCAPES_PALETTE
    for item in (train[i] for i in range(12)):
        assert tuple(item["inputs"].shape) == (3, 128, 128)
        assert item["data_samples"].gt_sem_seg.data.shape == (1, 128, 128)
    seen = set()
    for i in range(len(val)):
        labels = val[i]["data_samples"].gt_sem_seg.data
        seen |= set(labels.unique().tolist())
        found = torch.where(labels == 255, 3, labels)
        metric.process({}, [{"pred_sem_seg": {"data": found}, "gt_sem_seg": {"data": labels}}])
    assert {0, 255} < seen <= {*range(len(CITYSCAPES_CLASSES)), 255}
    assert metric.evaluate(len(val))["aAcc"] == pytest.approx(100.0)


def test_mmpose_reads_coco(build):
    train, val, metric = build("mmpose", "coco_keypoints")
    assert len(train) >= 12 and len(val) >= 6 and metric.dataset_meta["num_keypoints"] == 17
    for dataset in (train, val):
        for i in range(len(dataset)):
            assert tuple(dataset[i]["inputs"].shape) == (3, 128, 96)
    heatmaps = train[0]["data_samples"].gt_fields.heatmaps
    assert tuple(heatmaps.shape) == (17, 32, 24) and heatmaps.max() > 0.5
