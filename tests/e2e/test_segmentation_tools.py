"""Segmentors on real images: trained, tested and asked as a user does it, in one process and in two; bad input."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

import relnas_mm  # noqa: F401
from relnas_mm.engine.training_curve import loss_curve
from relnas_mm.errors import UserError
from relnas_mm.launch import build_runner

ROOT = Path(__file__).resolve().parents[2]
MINI = ROOT / "configs" / "bisenet" / "bisenet_relativenas-c16l6_1xb8-600i_camvid-mini.py"
CITYSCAPES = "deeplabv3plus_relativenas-d8_4xb2-80k_cityscapes-512x1024"
pytestmark = [pytest.mark.e2e, pytest.mark.data]

SMALL_CITYSCAPES = """
_base_ = '{root}/configs/deeplabv3plus/{name}.py'
model = dict({before}
    data_preprocessor=dict(size=(65, 97)),
    backbone=dict(init_channels=4, num_cells=4),
    decode_head=dict(in_channels=64, channels=16, c1_in_channels=4),
    auxiliary_head=dict(in_channels=32, channels=8){after})
small = dict(type='Resize', scale=(240, 180), keep_ratio=True)
train_pipeline = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations'), small,
                  dict(type='RandomCrop', crop_size=(65, 97)), dict(type='PackSegInputs')]
train_dataloader = dict(batch_size=2, num_workers=0, persistent_workers=False, dataset=dict(pipeline=train_pipeline))
val_pipeline = [dict(type='LoadImageFromFile'), small, dict(type='LoadAnnotations'), dict(type='PackSegInputs')]
val_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(num_workers=0, persistent_workers=False)
train_cfg = dict(max_iters=2, val_interval=2)
default_hooks = dict(checkpoint=dict(interval=2), logger=dict(interval=1))
"""


@pytest.fixture
def camvid(data_root, tmp_path, monkeypatch):
    """A dozen images of each part of CamVid, in a folder of their own."""
    for part in ("train", "val", "test"):
        for folder, ending in ((part, ".jpg"), (f"{part}annot", ".png")):
            (tmp_path / "data" / folder).mkdir(parents=True)
            for path in sorted((data_root / "CamVid" / folder).glob(f"*{ending}"))[:60:10]:
                (tmp_path / "data" / folder / path.name).symlink_to(path)
    monkeypatch.setenv("CAMVID_ROOT", f"{tmp_path}/data/")
    return tmp_path / "data"


def mini(folder, **changes):
    """The small BiSeNet's config, even smaller."""
    config = Config.fromfile(MINI)
    config.model.backbone.backbone.update(init_channels=4, num_cells=4)
    config.model.backbone.in_channels = (32, 64)
    config.train_cfg.update(max_iters=12, val_interval=12)
    config.param_scheduler = []
    config.default_hooks.logger.interval = 1
    config.default_hooks.checkpoint.interval = 12
    config.log_processor.window_size = 1
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        loader.update(num_workers=0, persistent_workers=False)
    config.work_dir = str(folder)
    config.merge_from_dict(changes)
    return config


def tool(*arguments, launcher=()):
    command = [sys.executable, *launcher, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400)


def test_bisenet_learns_camvid_and_mmsegs_api_asks_it(camvid, tmp_path):
    config = mini(tmp_path / "run")
    runner = build_runner(config)
    runner.train()
    losses = list(loss_curve(tmp_path / "run").values())
    assert len(losses) == 12 and sum(losses[-3:]) < 0.9 * sum(losses[:3])

    from mmseg.apis import MMSegInferencer, inference_model, init_model

    path, checkpoint = str(next((tmp_path / "run").glob("*.py"))), str(tmp_path / "run" / "iter_12.pth")
    image = str(next((camvid / "test").glob("*.jpg")))
    model = init_model(path, checkpoint, device="cpu")
    assert model.dataset_meta["classes"][3] == "road"
    found = inference_model(model, image).pred_sem_seg.data
    assert found.shape == (1, 360, 480) and found.max() < 11

    inferencer = MMSegInferencer(model=path, weights=checkpoint, device="cpu")
    answer = inferencer(image, out_dir=str(tmp_path / "drawn"), show=False)
    assert np.array_equal(answer["predictions"], found[0].numpy())
    (drawn,) = (tmp_path / "drawn" / "vis").iterdir()
    assert Image.open(drawn).size == (480, 360)

    again = mini(tmp_path / "run", resume=True, **{"train_cfg.max_iters": 13})
    runner = build_runner(again)
    runner.train()
    assert runner.iter == 13


def test_a_batch_of_one_image_is_refused_in_a_sentence(camvid, tmp_path):
    runner = build_runner(mini(tmp_path / "run", **{"train_dataloader.batch_size": 1}))
    with pytest.raises(UserError, match=r"'backbone.context_path.\S+' sees one value of each channel.*batch_size to 2"):
        runner.train()
    statistics = {"type": "GN", "num_groups": 4}
    changes = {"model.backbone.norm_cfg": statistics, "train_dataloader.batch_size": 1, "train_cfg.max_iters": 1}
    build_runner(mini(tmp_path / "group", **changes)).train()


def test_cityscapes_in_two_processes_and_with_augmented_tests(data_root, tmp_path, monkeypatch):
    """Synchronized normalization becomes plain on CPUs; mmseg's multi-scale test loads the same checkpoint."""
    script = data_root / "CamVid" / "camvid_to_cityscapes_layout.py"
    assert tool(script, "--out", tmp_path / "data", "--limit", 4).returncode == 0
    monkeypatch.setenv("CITYSCAPES_ROOT", f"{tmp_path}/data/")
    config, augmented = tmp_path / "config.py", tmp_path / "augmented.py"
    config.write_text(SMALL_CITYSCAPES.format(root=ROOT, name=CITYSCAPES, before="", after=""))
    text = SMALL_CITYSCAPES.format(root=ROOT, name=f"{CITYSCAPES}_ms-flip", before="module=dict(", after=")")
    augmented.write_text(text)

    two = ("-m", "torch.distributed.run", "--nproc_per_node=2", "--master_port=29611")
    arguments = ("tools/train.py", config, "--work-dir", tmp_path / "run", "--launcher", "pytorch")
    done = tool(*arguments, launcher=two)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "SyncBN needs a GPU: BN takes its place" in done.stdout + done.stderr
    assert len(loss_curve(tmp_path / "run")) == 2

    tests = [Config.fromfile(config), Config.fromfile(augmented)]
    tests[0].model.test_cfg = dict(mode="slide", crop_size=(65, 97), stride=(43, 64))
    tests[0].test_dataloader = tests[0].val_dataloader
    for test in tests:
        test.merge_from_dict({"load_from": str(tmp_path / "run" / "iter_2.pth"), "work_dir": str(tmp_path / "test")})
        test.test_dataloader.dataset.indices = 1
        assert 0 <= build_runner(test).test()["mIoU"] <= 100


def test_a_bad_label_map_ends_training_in_a_sentence(camvid, tmp_path):
    """It is read by a worker process."""
    for path in (camvid / "trainannot").iterdir():
        path.unlink()
        Image.fromarray(np.full((360, 480), 12, dtype=np.uint8)).save(path)
    done = tool("tools/train.py", MINI, "--work-dir", tmp_path / "run")
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr[-3000:]
    assert re.search(
        r"error: the label map '\S+trainannot/\S+\.png' holds the id 12; allowed are 0 to 11, 255", done.stderr
    )


def test_odd_crops_train_and_test(camvid, tmp_path):
    config = mini(tmp_path / "run", **{"train_cfg.max_iters": 2, "train_cfg.val_interval": 2})
    config.model.data_preprocessor.size = (77, 131)
    config.train_dataloader.dataset.pipeline[3].crop_size = (77, 131)
    config.val_dataloader.dataset.pipeline[1].scale = (241, 179)
    config.model.test_cfg = dict(mode="slide", crop_size=(77, 131), stride=(51, 87))
    runner = build_runner(config)
    runner.train()
    assert runner.iter == 2 and torch.isfinite(next(runner.model.parameters())).all()
