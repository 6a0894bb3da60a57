"""Segmentors on real images: trained, tested and asked as a user does it, in one process and in two; bad input."""

import json
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from helpers import ROOT, run_in_two_processes, run_tool
from PIL import Image

import relnas_mm  # noqa: F401
from relnas_mm.plots.training import loss_curve

BISENET = "configs/bisenet/bisenet_relativenas-c16l6_1xb8-600i_camvid-mini.py"
BISENET_CITYSCAPES = "configs/bisenet/bisenet_relativenas_2xb8-80k_cityscapes-1024x1024.py"
DEEPLAB = "configs/deeplabv3plus/deeplabv3plus_relativenas-d8_4xb2-80k_cityscapes-512x1024{}.py"
pytestmark = [pytest.mark.e2e, pytest.mark.data]


def loaders(*names):
    return [f"{name}_dataloader.{key}" for name in names for key in ("num_workers=0", "persistent_workers=False")]


TEST = loaders("test")
EACH_LOSS = ["default_hooks.logger.interval=1", "log_processor.window_size=1"]
TRAIN = [*loaders("train", "val"), *EACH_LOSS, "randomness.seed=0"]
TINY_BISENET = [
    *("model.backbone.backbone.init_channels=4", "model.backbone.backbone.num_cells=4"),
    "model.backbone.in_channels=(32,64)",
]


def tiny_deeplab(model="model"):
    sizes = [
        "backbone.init_channels=4",
        "backbone.num_cells=4",
        "decode_head.in_channels=64",
        "decode_head.channels=16",
    ]
    sizes += ["decode_head.c1_in_channels=4", "auxiliary_head.in_channels=32", "auxiliary_head.channels=8"]
    return [f"{model}.{size}" for size in (*sizes, "data_preprocessor.size=(65,97)")]


def small_cityscapes(crop):
    """Options for the full Cityscapes configs: crops, images of CamVid's half size, two iterations."""
    return [
        f"train_dataloader.dataset.pipeline.{crop}.crop_size=(65,97)",
        "val_dataloader.dataset.pipeline.1.scale=(240,180)",
        *("train_dataloader.batch_size=2", "train_cfg.max_iters=2", "train_cfg.val_interval=2"),
        *("default_hooks.checkpoint.interval=2", *TRAIN),
    ]


@pytest.fixture
def camvid(data_root, tmp_path, monkeypatch):
    """Six images of each part of CamVid, in a folder of their own."""
    for part in ("train", "val", "test"):
        for folder, ending in ((part, ".jpg"), (f"{part}annot", ".png")):
            (tmp_path / "data" / folder).mkdir(parents=True)
            for path in sorted((data_root / "CamVid" / folder).glob(f"*{ending}"))[:60:10]:
                (tmp_path / "data" / folder / path.name).symlink_to(path)
    monkeypatch.setenv("CAMVID_ROOT", f"{tmp_path}/data/")
    return tmp_path / "data"


def size_of(picture):
    with Image.open(picture) as opened:
        return opened.size


@pytest.mark.slow
def test_bisenet_learns_camvid_is_tested_and_asked_by_mmsegs_api(camvid, tmp_path, tool):
    run = tmp_path / "run"
    options = [*TINY_BISENET, *TRAIN, "param_scheduler=[]", "default_hooks.checkpoint.interval=12"]
    lengths = [["train_cfg.max_iters=12", "train_cfg.val_interval=12"], ["train_cfg.max_iters=13"]]
    assert tool("tools/train.py", BISENET, "--work-dir", run, "--cfg-options", *options, *lengths[0]).returncode == 0
    losses = list(loss_curve(run).values())
    assert len(losses) == 12 and sum(losses[-3:]) < 0.9 * sum(losses[:3])
    options[-1] = "default_hooks.checkpoint.interval=13"
    resumed = tool("tools/train.py", BISENET, "--work-dir", run, "--resume", "--cfg-options", *options, *lengths[1])
    assert resumed.returncode == 0
    assert list(loss_curve(run)) == list(range(1, 14))  # the 13th alone is new

    checkpoint, scores = run / "iter_13.pth", tmp_path / "scores.json"
    words = (BISENET, checkpoint, "--work-dir", tmp_path / "test", "--out", scores, "--show-dir", tmp_path / "drawn")
    assert tool("tools/test.py", *words, "--cfg-options", *TINY_BISENET, *TEST).returncode == 0
    assert 0 < json.loads(scores.read_text())["mIoU"] <= 100
    pictures = list((tmp_path / "drawn").rglob("*.png"))
    assert len(pictures) == 6 and size_of(pictures[0])[1] == 360  # image and label map side by side

    from mmseg.apis import MMSegInferencer, inference_model, init_model

    config, image = str(next(run.glob("*.py"))), str(next((camvid / "test").glob("*.jpg")))
    model: Any = init_model(config, str(checkpoint), device="cpu")
    assert model.dataset_meta["classes"][3] == "road"
    result: Any = inference_model(model, image)
    found = result.pred_sem_seg.data
    assert found.shape == (1, 360, 480) and found.max() < 11
    inferencer = MMSegInferencer(model=config, weights=str(checkpoint), device="cpu")
    answer = inferencer(image, out_dir=str(tmp_path / "asked"), show=False)
    assert np.array_equal(answer["predictions"], found[0].numpy())
    (drawn,) = (tmp_path / "asked" / "vis").iterdir()
    assert size_of(drawn) == (480, 360)


@pytest.mark.slow
def test_cityscapes_in_two_processes_and_with_augmented_tests(data_root, tmp_path, monkeypatch, tool):
    """Synchronized normalization becomes plain on CPUs; tests by windows and at many scales take the checkpoint."""
    monkeypatch.chdir(ROOT)
    script = data_root / "CamVid" / "camvid_to_cityscapes_layout.py"
    subprocess.run([sys.executable, script, "--out", tmp_path / "data", "--limit", "4"], check=True)
    monkeypatch.setenv("CITYSCAPES_ROOT", f"{tmp_path}/data/")

    options = [*tiny_deeplab(), *small_cityscapes(3), "train_dataloader.dataset.pipeline.2.scale=(240,180)"]
    arguments = (DEEPLAB.format(""), "--work-dir", tmp_path / "run", "--cfg-options", *options)
    done = run_in_two_processes("tools/train.py", *arguments)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "SyncBN needs a GPU; it is replaced by BN" in done.stdout + done.stderr
    assert len(loss_curve(tmp_path / "run")) == 2

    windows = ["model.test_cfg.crop_size=(65,97)", "model.test_cfg.stride=(43,64)"]
    for name, model, more in (
        ("_slide", "model", [*windows, "test_dataloader.dataset.pipeline.1.scale=(240,180)"]),
        ("_ms-flip", "model.module", []),
    ):
        scores = tmp_path / f"{name}.json"
        words = (DEEPLAB.format(name), tmp_path / "run" / "iter_2.pth", "--work-dir", tmp_path / name, "--out", scores)
        options = [*tiny_deeplab(model), *TEST, *more, "test_dataloader.dataset.indices=1"]
        assert tool("tools/test.py", *words, "--cfg-options", *options).returncode == 0
        assert 0 <= json.loads(scores.read_text())["mIoU"] <= 100

    options = [*TINY_BISENET, *small_cityscapes(5), "model.data_preprocessor.size=(65,97)"]
    options += ["train_dataloader.dataset.pipeline.4.scales=[(240,180),(360,270)]"]
    options += windows
    done = tool("tools/train.py", BISENET_CITYSCAPES, "--work-dir", tmp_path / "bisenet", "--cfg-options", *options)
    assert done.returncode == 0
    assert len(loss_curve(tmp_path / "bisenet")) == 2


def label_maps(value, size):
    def write(folder):
        for path in (folder / "trainannot").iterdir():
            path.unlink()
            Image.fromarray(np.full(size, value, dtype=np.uint8)).save(path)

    return write


BAD = {
    "id": (
        label_maps(12, (360, 480)),
        [],
        r"/trainannot/\S+.png' holds the id 12; allowed are 0 to ",
    ),
    "size": (
        label_maps(0, (360, 479)),
        [],
        r"/trainannot/\S+.png' has 479x360 pixels; the image '\S+",
    ),
    "missing": (
        lambda folder: next((folder / "trainannot").iterdir()).unlink(),
        [],
        r"the label map '\S+/trainannot/\S+.png' is missing: '\S+/train' asks for it",
    ),
    "batch": (
        lambda folder: None,
        ["train_dataloader.batch_size=1"],
        r"'backbone.context_path.\S+' sees one value of each channel, .* set train_dataloader.batch_size to 2",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_ends_training_in_a_sentence(camvid, tmp_path, case):
    """Label maps are read by a worker process."""
    spoil, options, sentence = BAD[case]
    spoil(camvid)
    options = [*TINY_BISENET, "val_dataloader.num_workers=0", "val_dataloader.persistent_workers=False", *options]
    done = run_tool("tools/train.py", BISENET, "--work-dir", tmp_path / "run", "--cfg-options", *options)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert re.search(sentence, line), line


@pytest.mark.skipif(torch.cuda.is_available(), reason="mixed precision works with CUDA")
def test_mixed_precision_without_a_gpu_is_refused_in_a_sentence(camvid, tmp_path, tool):
    done = tool("tools/train.py", BISENET, "--work-dir", tmp_path / "run", "--amp")
    assert done.returncode == 2
    assert "error: --amp is given, but MMEngine's mixed precision needs a CUDA device" in done.stderr


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="mixed precision needs CUDA")
def test_mixed_precision_on_a_gpu(camvid, tmp_path, tool):
    options = [*TINY_BISENET, *TRAIN, "train_cfg.max_iters=4", "train_cfg.val_interval=4"]
    done = tool("tools/train.py", BISENET, "--work-dir", tmp_path / "run", "--amp", "--cfg-options", *options)
    assert done.returncode == 0
    assert np.isfinite(list(loss_curve(tmp_path / "run").values())).all()


def test_one_image_with_group_normalization_and_odd_crops(camvid, tmp_path, tool):
    options = [*TINY_BISENET, *TRAIN, "train_cfg.max_iters=2", "train_cfg.val_interval=2"]
    options += ["model.backbone.norm_cfg.type=GN", "model.backbone.norm_cfg.num_groups=4"]
    options += ["train_dataloader.batch_size=1", "model.data_preprocessor.size=(77,131)"]
    options += ["train_dataloader.dataset.pipeline.3.crop_size=(77,131)", "model.test_cfg.mode=slide"]
    options += ["val_dataloader.dataset.pipeline.1.scale=(241,179)"]
    options += ["model.test_cfg.crop_size=(77,131)", "model.test_cfg.stride=(51,87)"]
    assert tool("tools/train.py", BISENET, "--work-dir", tmp_path / "run", "--cfg-options", *options).returncode == 0
    assert np.isfinite(list(loss_curve(tmp_path / "run").values())).all()
