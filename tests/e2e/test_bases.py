"""A config of another project that has one of ours as its base trains; detection is in tests/test_wheel.py, by mim."""

import pytest

from relnas_mm.datasets.shapes import generate_shapes

pytestmark = [pytest.mark.e2e, pytest.mark.mm]

BACKBONE = "backbone=dict(init_channels=8, num_cells=3)"
LOADER = "dict(batch_size=2, num_workers=0, persistent_workers=False)"
CONFIGS = {
    "segmentation": (
        "cityscapes",
        "deeplabv3plus/deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_shapes",
        f"""
model = dict({BACKBONE}, decode_head=dict(in_channels=128, c1_in_channels=8), auxiliary_head=dict(in_channels=64))
train_cfg = dict(max_iters=2, val_interval=2)
""",
        "mIoU",
    ),
    "pose": (
        "coco_keypoints",
        "simple_baseline/td-hm_relativenas-c16l6_1xb32-12e_shapes-128x96",
        f"model = dict({BACKBONE}, head=dict(in_channels=128))\ntrain_cfg = dict(max_epochs=1, val_interval=1)\n",
        "coco/AP",
    ),
    "classification": (
        "image_folder",
        "imagenet/relativenas-c8l5_1xb32-8e_shapes",
        f"model = dict({BACKBONE})\ntrain_cfg = dict(max_epochs=1)\n",
        "accuracy/top1",
    ),
}


@pytest.mark.parametrize("task", CONFIGS)
def test_it_trains_from_any_folder(task, tool, tmp_path):
    layout, base, changes, metric = CONFIGS[task]
    number = 10 if layout == "image_folder" else 4  # an image for each class
    generate_shapes(tmp_path / layout, layout, {"train": number, "val": number}, progress=False)
    config = tmp_path / "mine.py"
    loaders = f"train_dataloader = val_dataloader = test_dataloader = {LOADER}"
    config.write_text(f'_base_ = "relnas_mm::{base}.py"\n{changes}\n{loaders}\n')
    done = tool("tools/train.py", config, "--work-dir", tmp_path / "run", SHAPES_ROOT=str(tmp_path))
    assert done.returncode == 0, done.stderr[-3000:]
    assert metric in done.stdout + done.stderr
