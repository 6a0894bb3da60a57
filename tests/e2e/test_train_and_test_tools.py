"""`tools/train.py` and `tools/test.py` as a user calls them, on real VOC images and on bad input."""

import json
import re

import pytest
from helpers import ROOT, run_as_user, run_tool

SHAPES_SSD = "configs/ssd/ssd160_relativenas-c16l6_4e_shapes-voc.py"
pytestmark = pytest.mark.e2e


@pytest.mark.slow
@pytest.mark.data
def test_ssd_on_voc_images(data_root, tmp_path):
    """Twelve iterations on real images: the loss falls; a test by onnxruntime repeats the training's evaluation."""
    config = tmp_path / "ssd.py"
    config.write_text(f"""
_base_ = ['{ROOT}/configs/_base_/models/ssd160_cell.py', '{ROOT}/configs/_base_/datasets/voc07_ssd.py',
          'mmdet::_base_/default_runtime.py']
model = dict(bbox_head=dict(num_classes=20))
image_size = (160, 160)
subset = dict(indices=12)
pipeline = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations', with_bbox=True),
            dict(type='Resize', scale=image_size, keep_ratio=False), dict(type='PackDetInputs')]
train_dataloader = dict(
    num_workers=0, persistent_workers=False, batch_size=6, dataset=dict(**subset, pipeline=pipeline))
val_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dict(**subset))
test_dataloader = val_dataloader
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=6, val_interval=6)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=2e-3))
default_hooks = dict(logger=dict(interval=1), checkpoint=dict(interval=6))
log_processor = dict(window_size=1)
randomness = dict(seed=0)
""")
    voc = {"VOC_ROOT": str(data_root / "VOCdevkit-mini") + "/"}
    done = run_tool("tools/train.py", config, "--work-dir", tmp_path / "run", **voc)
    assert done.returncode == 0, done.stderr[-3000:]
    (log,) = (tmp_path / "run").glob("*/vis_data/scalars.json")
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    losses = [row["loss"] for row in rows if "loss" in row]
    assert len(losses) == 12 and sum(losses[-3:]) < 0.8 * sum(losses[:3])
    assert any("pascal_voc/mAP" in row for row in rows)

    out = tmp_path / "metrics.json"
    done = run_as_user(
        *("tools/test.py", config, tmp_path / "run" / "epoch_6.pth", "--work-dir", tmp_path / "test", "--out", out),
        *("--fast-backbone", "onnx"),
        **voc,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "the backbone is for inference only now" in done.stdout + done.stderr
    trained = [row["pascal_voc/mAP"] for row in rows if "pascal_voc/mAP" in row][-1]
    assert json.loads(out.read_text())["pascal_voc/mAP"] == pytest.approx(trained, abs=1e-6)


BAD = {
    "missing config": (["train.py", "configs/ssd/no.py"], r"the config 'configs/ssd/no\.py' does not exist"),
    "missing data": (
        ["train.py", SHAPES_SSD, "--cfg-options", "train_dataloader.dataset.data_root=nowhere/"],
        r"the data folder 'nowhere/' \(train_dataloader\) does not exist",
    ),
    "no equals sign": (
        ["train.py", SHAPES_SSD, "--cfg-options", "train_cfg.max_epochs", "=", "1"],
        r"--cfg-options 'train_cfg\.max_epochs' has no '='; the form is KEY=VALUE",
    ),
    "seed": (
        ["train.py", SHAPES_SSD, "--cfg-options", "randomness.seed=-1"],
        r"randomness\.seed is -1; it must be an integer from 0 to 4294967295",
    ),
    "checkpoint to resume": (
        ["train.py", SHAPES_SSD, "--resume", "no.pth"],
        r"the checkpoint 'no\.pth' \(--resume\) does not exist; name the file by --resume FILE",
    ),
    "missing checkpoint": (["test.py", SHAPES_SSD, "no.pth"], r"the checkpoint 'no\.pth' does not exist"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence(case, tmp_path):
    (name, *arguments), sentence = BAD[case]
    done = run_tool(f"tools/{name}", *arguments, "--work-dir", tmp_path / "run")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert re.search("error: " + sentence, done.stderr), done.stderr
    assert not (tmp_path / "run").exists()
