"""Classification by `tools/train.py` and `tools/test.py`: training, resuming, several processes, bad input."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch
from helpers import ROOT, run_in_two_processes, run_tool, shell, write_cifar10
from mmengine.registry import MODELS

import relnas_mm  # noqa: F401
from relnas_mm.datasets.shapes import generate_shapes
from relnas_mm.launch import read_config

MINI = "configs/cifar/relativenas-c8l5_1xb64-5e_cifar10-mini.py"
FOLDERS = "configs/imagenet/relativenas-c8l5_1xb32-8e_shapes.py"
TINY = ("model.backbone.init_channels=4", "model.backbone.num_cells=3", "train_dataloader.batch_size=25")
pytestmark = pytest.mark.e2e


def train(config, folder, *options, flags=(), **environment):
    arguments = ("tools/train.py", config, "--work-dir", folder, *flags, "--cfg-options", *TINY, *options)
    done = run_tool(*arguments, **environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def weights(path):
    return torch.load(path, weights_only=False)["state_dict"]


@pytest.fixture(scope="module")
def cifar(tmp_path_factory):
    return str(write_cifar10(tmp_path_factory.mktemp("cifar"), images_per_batch=20))


def test_a_resumed_training_ends_with_the_weights_of_an_uninterrupted_one(cifar, tmp_path):
    options = ("train_cfg.max_epochs=2", "param_scheduler.T_max=2")
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train(MINI, whole, *options, CIFAR10_ROOT=cifar)
    parts.mkdir()  # what is left of a run that was stopped in its second epoch
    shutil.copy(whole / "epoch_1.pth", parts)
    (parts / "last_checkpoint").write_text(str(parts / "epoch_1.pth"))
    assert "resumed epoch: 1" in train(MINI, parts, *options, flags=("--resume",), CIFAR10_ROOT=cifar)
    expected, found = weights(whole / "epoch_2.pth"), weights(parts / "epoch_2.pth")
    assert expected.keys() == found.keys() and all(torch.equal(expected[key], found[key]) for key in expected)
    assert (whole / "training_curve.png").stat().st_size > 1000

    out, confusion = tmp_path / "metrics.json", tmp_path / "confusion"
    done = run_tool(
        *("tools/test.py", MINI, whole / "epoch_2.pth", "--work-dir", tmp_path / "test", "--out", out),
        *("--cfg-options", *TINY, f"test_evaluator.1.out_dir={confusion}"),
        CIFAR10_ROOT=cifar,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    metrics = json.loads(out.read_text())
    assert set(metrics) == {"accuracy/top1", "accuracy/top5", "confusion/mean_recall"}
    table = [line.split(",")[1:] for line in (confusion / "confusion_matrix.csv").read_text().splitlines()[1:]]
    counts = torch.tensor([[int(cell) for cell in row] for row in table])
    assert counts.sum() == 20 and 100 * counts.diagonal().sum() / 20 == pytest.approx(metrics["accuracy/top1"])
    assert (confusion / "confusion_matrix.png").stat().st_size > 1000


@pytest.mark.slow
def test_a_training_that_is_killed_again_and_again_ends_alike(cifar, tmp_path):
    """SIGKILL at once, and shortly, after a file of the work_dir has changed."""
    options = (*TINY, "train_cfg.max_epochs=3", "param_scheduler.T_max=3", "default_hooks.checkpoint.max_keep_ckpts=1")
    command = [sys.executable, "tools/train.py", MINI, "--cfg-options", *options, "--resume", "--work-dir"]
    environment = shell(CIFAR10_ROOT=cifar)

    def files(folder):
        return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.pth")}

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    parts.mkdir()
    for folder, delays in ((whole, []), (parts, [0.0, 0.3])):
        for delay in [*delays, None]:
            with subprocess.Popen([*command, folder], cwd=ROOT, env=environment, start_new_session=True) as process:
                before = files(folder)
                while delay is not None and process.poll() is None and files(folder) == before:
                    time.sleep(0.002)
                if delay is not None and process.poll() is None:
                    time.sleep(delay)
                    os.killpg(process.pid, signal.SIGKILL)
        assert process.returncode == 0
    assert files(whole).keys() == files(parts).keys()
    for name in files(whole):
        expected, found = weights(whole / name), weights(parts / name)
        assert all(torch.equal(expected[key], found[key]) for key in expected)
    assert not list(parts.glob(".*.unfinished"))


@pytest.mark.slow
def test_two_processes_without_a_gpu(cifar, tmp_path):
    """RelativeNAS' reduction cells leave parameters unused; nobody has to say so, and both processes stay in step."""
    options = [*TINY, "train_cfg.max_epochs=2", "param_scheduler.T_max=2"]
    command = ["tools/dist_train.sh", MINI, "2", "--work-dir", tmp_path, "--auto-scale-lr", "--cfg-options", *options]
    environment = shell(PORT="29572", CUDA_VISIBLE_DEVICES="", CIFAR10_ROOT=cifar)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment, timeout=400)
    text = done.stdout + done.stderr
    assert done.returncode == 0, text[-3000:]
    assert re.search(r"Epoch\(train\) +\[2\]\[2/2\]", text)  # 100 images in batches of 2 x 25
    assert "Scaling the original LR by 0.78125" in text  # 2 x 25 of 64

    resumed = ("--work-dir", tmp_path / "resumed", "--auto-scale-lr", "--resume", tmp_path / "epoch_1.pth")
    done = run_in_two_processes("tools/train.py", MINI, *resumed, "--cfg-options", *options, CIFAR10_ROOT=cifar)
    assert done.returncode == 0, done.stderr[-3000:]
    expected, found = weights(tmp_path / "epoch_2.pth"), weights(tmp_path / "resumed" / "epoch_2.pth")
    assert all(torch.equal(expected[key], found[key]) for key in expected)  # both ranks drew what they drew before


@pytest.mark.parametrize("amp", [False, pytest.param(True, marks=pytest.mark.cuda)])
def test_averaged_weights_and_mixed_images(cifar, tmp_path, amp):
    if amp and not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    config = tmp_path / "options.py"
    config.write_text(f"""
_base_ = {str(ROOT / MINI)!r}
model = dict(batch_augments=[dict(type="MixUp", prob=0.5), dict(type="CutMix", prob=0.5)])
custom_hooks = [dict(type="EMAHook", update_buffers=True)]
""")
    text = train(
        config, tmp_path / "run", "train_cfg.max_epochs=1", flags=("--amp",) if amp else (), CIFAR10_ROOT=cifar
    )
    assert re.search(r"Epoch\(val\).*accuracy/top1: \d", text)
    assert "ema_state_dict" in torch.load(tmp_path / "run" / "epoch_1.pth", weights_only=False)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("shapes")
    generate_shapes(root / "image_folder", "image_folder", {"train": 20, "val": 10}, progress=False)
    return root


def test_folders_of_images(folders, tmp_path):
    text = train(
        *(FOLDERS, tmp_path, "train_cfg.max_epochs=1", "train_dataloader.batch_size=10"), SHAPES_ROOT=str(folders)
    )
    assert re.search(r"Epoch\(val\).*accuracy/top5: \d", text)


BAD = {
    "class count": (
        "model.num_classes=7",
        r"model\.num_classes is 7, but the data of train_dataloader have 10 classes",
    ),
    "genotype": ("model.backbone.genotype=nope", r"'nope'"),
    "data": ("train_dataloader.dataset.data_root=nowhere", r"the data folder 'nowhere' \(train_dataloader\) does not"),
}


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")
def test_mixed_precision_without_a_gpu_is_refused(tmp_path):
    done = run_tool("tools/train.py", MINI, "--work-dir", tmp_path / "run", "--amp")
    assert done.returncode == 2 and "needs a CUDA device" in done.stderr and not (tmp_path / "run").exists()


@pytest.mark.parametrize("case", BAD)
def test_bad_settings_give_one_sentence(folders, tmp_path, case):
    option, message = BAD[case]
    done = run_tool(
        *("tools/train.py", FOLDERS, "--work-dir", tmp_path, "--cfg-options", *TINY, option), SHAPES_ROOT=str(folders)
    )
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 2 and re.search(message, last) and "Traceback" not in done.stderr


@pytest.mark.parametrize("workers", [0, 2])
def test_an_image_that_cannot_be_decoded_is_named(tmp_path, workers):
    root = tmp_path / "shapes"
    generate_shapes(root / "image_folder", "image_folder", {"train": 20, "val": 10}, progress=False)
    victim = sorted((root / "image_folder" / "train" / "disc").glob("*.jpg"))[0]
    victim.write_bytes(victim.read_bytes()[:200])
    done = run_tool(
        *("tools/train.py", FOLDERS, "--work-dir", tmp_path / "run", "--cfg-options", *TINY),
        *(f"train_dataloader.num_workers={workers}", f"train_dataloader.persistent_workers={workers > 0}"),
        SHAPES_ROOT=str(root),
    )
    last = done.stderr.strip().splitlines()[-1]
    assert (
        done.returncode == 2 and last.startswith("error: ") and str(victim) in last and "Traceback" not in done.stderr
    )


def test_weights_of_another_width_end_the_training_before_it_starts(cifar, tmp_path):
    """MMEngine would log the names and train from random weights."""
    config = "configs/cifar/r18-w0.25_1xb64-12e_cifar10-mini-64x64.py"
    model = read_config(config).model
    wide = MODELS.build(dict(model, backbone=dict(model.backbone, stem_channels=32, base_channels=32), in_channels=256))
    torch.save({"state_dict": wide.state_dict()}, tmp_path / "wide.pth")
    init = f"model.backbone.init_cfg.checkpoint={tmp_path / 'wide.pth'}"
    options = ["model.backbone.init_cfg.type=Pretrained", init, "model.backbone.init_cfg.prefix=backbone."]
    words = [config, "--work-dir", str(tmp_path / "run"), "--cfg-options", *options]
    done = run_tool("tools/train.py", *words, CIFAR10_ROOT=cifar)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert re.search(r"error: the weights '.*wide.pth' under 'backbone.' .* hold 0 of the 100 that ResNet", done.stderr)
    assert not list((tmp_path / "run").glob("*.pth"))
