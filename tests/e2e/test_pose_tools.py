"""Pose estimators trained, tested and scored as a user does it: stick figures, real images, data that do not fit."""

import json
import re

import numpy as np
import pytest
import torch
from helpers import ROOT, run_in_two_processes
from helpers.mm import build
from PIL import Image

import relnas_mm  # noqa: F401
from relnas_mm.datasets.shapes import generate_shapes
from relnas_mm.launch import read_config

FOLDER = "configs/simple_baseline"
SMALL = f"{FOLDER}/td-hm_relativenas-c16l6_1xb32-12e_shapes-128x96.py"
MINI = f"{FOLDER}/td-hm_relativenas-c16l6_1xb16-100e_coco-mini-256x192.py"
QUICK = (
    *("train_dataloader.batch_size=4", "train_dataloader.num_workers=0", "train_dataloader.persistent_workers=False"),
    *("val_dataloader.num_workers=0", "val_dataloader.persistent_workers=False", "default_hooks.logger.interval=1"),
    *("train_cfg.max_epochs=1", "train_cfg.val_interval=1", "default_hooks.checkpoint.interval=1"),
)
SINGLE = ("test_dataloader.num_workers=0", "test_dataloader.persistent_workers=False")
pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    root = tmp_path_factory.mktemp("shapes")
    generate_shapes(root / "coco_keypoints", "coco_keypoints", {"train": 8, "val": 3}, progress=False)
    return root


@pytest.fixture(scope="module")
def trained(shapes, tmp_path_factory):
    """The log and the checkpoint of an epoch in two processes."""
    folder = tmp_path_factory.mktemp("run")
    arguments = (SMALL, "--work-dir", folder, "--cfg-options", *QUICK)
    done = run_in_two_processes("tools/train.py", *arguments, SHAPES_ROOT=str(shapes))
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr, folder / "epoch_1.pth"


def figures(shapes):
    return json.loads((shapes / "coco_keypoints/annotations/person_keypoints_val2017.json").read_text())


def test_trained_in_two_processes(trained):
    text, checkpoint = trained
    assert re.search(r"Epoch\(train\) +\[1\]\[[12]/[12]\]", text) and text.count("coco/AP:") == 2  # before and after
    weights = torch.load(checkpoint, weights_only=False)["state_dict"]
    assert all(value.isfinite().all() for value in weights.values() if value.is_floating_point())


def test_tested_and_drawn_with_detected_persons(tool, trained, shapes, tmp_path):
    found = [
        {"image_id": one["image_id"], "category_id": 1, "bbox": one["bbox"], "score": 0.9}
        for one in figures(shapes)["annotations"]
    ]
    found.append({**found[0], "category_id": 2})
    (tmp_path / "found.json").write_text(json.dumps(found))
    options = (*SINGLE, f"test_dataloader.dataset.bbox_file={tmp_path / 'found.json'}")
    out, drawn = tmp_path / "metrics.json", tmp_path / "drawn"
    arguments = ("--work-dir", tmp_path / "test", "--out", out, "--show-dir", drawn, "--cfg-options", *options)
    done = tool("tools/test.py", SMALL, trained[1], *arguments, SHAPES_ROOT=shapes)
    assert done.returncode == 0, done.stderr[-2000:]
    assert 0 <= json.loads(out.read_text())["coco/AP"] < 1
    pictures = sorted(path.name for path in drawn.rglob("*") if path.is_file())
    assert len(pictures) == len(found) - 1 and pictures[0].startswith("000000")
    log = next((tmp_path / "test").glob("*/*.log")).read_text()
    assert "found.json: left out: 1 detections of other categories than 1" in log


REFUSED = {
    "boxes of a detector of mm": ({"bboxes": [[1, 2, 3, 4]], "scores": [0.5]}, r"holds an object; it must be a list"),
    "no JSON": ("<xml/>", r"the file of detections '.*found\.json' is not JSON"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_detections_in_another_format_are_one_sentence(tool, trained, case, tmp_path, shapes):
    content, sentence = REFUSED[case]
    path = tmp_path / "found.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    options = (*SINGLE, f"test_dataloader.dataset.bbox_file={path}")
    done = tool(
        "tools/test.py",
        SMALL,
        trained[1],
        "--work-dir",
        tmp_path / "test",
        "--cfg-options",
        *options,
        SHAPES_ROOT=shapes,
    )
    assert done.returncode == 2 and re.match(f"error: .*{sentence}", done.stderr.splitlines()[-1])


def test_another_number_of_joints_is_one_sentence(tool, trained, tmp_path, shapes):
    """In the model and the data, and in a checkpoint and the model."""
    options = ("--cfg-options", *QUICK, "model.head.out_channels=16")
    done = tool("tools/train.py", SMALL, "--work-dir", tmp_path / "train", *options, SHAPES_ROOT=shapes)
    sentence = "error: model.head.out_channels is 16, but the data of train_dataloader have 17 joints (nose, left_eye,"
    assert done.returncode == 2 and done.stderr.splitlines()[-1].startswith(sentence)
    options = ("--cfg-options", *SINGLE, "model.head.out_channels=16")
    done = tool("tools/test.py", SMALL, trained[1], "--work-dir", tmp_path / "test", *options, SHAPES_ROOT=shapes)
    assert done.returncode == 2 and re.search(
        r"head\.final_layer\.weight is \(17, 64, 1, 1\) in the ch", done.stderr.splitlines()[-1]
    )


def scored(metric, data, move):
    """Evaluates the truth, moved by a function of the keypoints (1, k, 2)."""
    for index in range(len(data)):
        one = data[index]["data_samples"]
        truth = one.gt_instances
        found = dict(keypoints=move(truth.keypoints), keypoint_scores=truth.keypoints_visible)
        metric.process({}, [{**one.to_dict(), "pred_instances": found}])
    return metric.evaluate(len(data))


@pytest.mark.data
def test_truth_against_itself_and_the_values_of_pycocotools(data_root, tmp_path, monkeypatch):
    """Real persons; moved at random, mmpose's metric gives what pycocotools gives without any of our stand-ins."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    monkeypatch.setenv("COCO_ROOT", str(data_root / "coco-kpt-mini"))
    config = read_config(str(ROOT / MINI))
    data = build(config.val_dataloader.dataset, "mmpose", "datasets")
    assert len(data) == 142
    metric = build({**config.val_evaluator, "outfile_prefix": str(tmp_path / "found")}, "mmpose", "evaluation")
    metric.dataset_meta = data.metainfo
    perfect = scored(metric, data, lambda keypoints: keypoints)
    assert perfect["coco/AP"] == perfect["coco/AR"] == 1

    rng = np.random.default_rng(0)
    moved = scored(metric, data, lambda keypoints: keypoints + rng.normal(0, 8, keypoints.shape))
    truth = COCO(config.val_evaluator.ann_file)
    evaluation = COCOeval(truth, truth.loadRes(str(tmp_path / "found.keypoints.json")), "keypoints")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert 0.1 < moved["coco/AP"] < 0.9
    assert list(moved.values()) == pytest.approx(list(evaluation.stats), abs=1e-12)


def test_mpii_layout(tmp_path, monkeypatch, tool):
    """Two persons in mmpose's JSON, the sizes of heads in MPII's own file: read, cut out, scored with 100."""
    from scipy.io import savemat

    rng = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    (tmp_path / "annotations").mkdir()
    joints = rng.integers(30, 170, (2, 16, 2))
    people = []
    for index in range(2):
        Image.new("RGB", (200, 200)).save(tmp_path / "images" / f"00000{index}.jpg")
        person = dict(image=f"00000{index}.jpg", center=[100, 100], scale=1.0, joints=joints[index].tolist())
        people.append({**person, "joints_vis": [1] * 16})
    for name in ("train", "val"):
        (tmp_path / "annotations" / f"mpii_{name}.json").write_text(json.dumps(people))
    heads = np.zeros((2, 2, 2))
    heads[1] = 30.0
    mat = dict(headboxes_src=heads, jnt_missing=np.zeros((16, 2)), pos_gt_src=joints.transpose(1, 2, 0))
    savemat(tmp_path / "annotations" / "mpii_gt_val.mat", {**mat, "dataset_joints": np.array([["head"]])})
    monkeypatch.setenv("MPII_ROOT", str(tmp_path))
    config = read_config(str(ROOT / FOLDER / "td-hm_relativenas_1xb128-140e_mpii-256x256.py"))
    train, val = (
        build(loader.dataset, "mmpose", "datasets") for loader in (config.train_dataloader, config.val_dataloader)
    )
    assert train.metainfo["num_keypoints"] == config.model.head.out_channels == 16
    assert val.get_data_info(1)["head_size"] == pytest.approx(np.full((1, 1), 0.6 * 30 * 2**0.5))
    assert train[0]["inputs"].shape == (3, 256, 256)
    assert train[0]["data_samples"].gt_fields.heatmaps.shape == (16, 64, 64)
    metric = build(config.val_evaluator, "mmpose", "evaluation")
    metric.dataset_meta = val.metainfo
    scores = scored(metric, val, lambda keypoints: keypoints)
    assert scores["PCK"] == pytest.approx(100.0)
    path = ROOT / FOLDER / "td-hm_relativenas_1xb128-140e_mpii-256x256.py"
    done = tool("tools/check_data.py", path, "--out", tmp_path / "report")
    assert done.returncode == 0, done.stderr[-2000:]
    splits = json.loads((tmp_path / "report" / "check_data.json").read_text())
    assert [split["images"] for split in splits] == [2, 2] and len(splits[0]["labels"]["names"]) == 16


@pytest.mark.data
@pytest.mark.slow
def test_it_overfits_real_persons(tool, data_root, tmp_path):
    """By the benchmark that fills docs/results/overfit_poses.json, with fewer and smaller persons."""
    (tmp_path / "coco_keypoints").symlink_to(data_root / "coco-kpt-mini")
    out, options = tmp_path / "overfit.json", ("--persons", 4, "--iterations", 160, "--lr", 4e-3)
    done = tool("benchmarks/overfit_poses.py", SMALL, "--out", out, *options, SHAPES_ROOT=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    (row,) = json.loads(out.read_text())["poses"].values()
    assert list(row["AP"])[-1] == "160" and row["AP"]["160"] > 0.3 > row["AP"]["40"]
    assert row["last_loss"] < 0.5 * row["first_loss"]
