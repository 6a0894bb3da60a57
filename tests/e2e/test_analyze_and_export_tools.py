"""`tools/analyze.py` and `tools/export_onnx.py` as a user calls them, on good and on bad input."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers import ROOT, write_cifar10
from mmengine.config import Config

from relnas_mm.analysis.network import build_model

CIFAR = "small.py"
SMALL = f"""
_base_ = ['{ROOT}/configs/_base_/models/cell_cifar.py', '{ROOT}/configs/_base_/datasets/cifar10_bs128.py']
model = dict(backbone=dict(init_channels=4, num_cells=5))
"""
SSD = f"{ROOT}/configs/ssd/ssd160_relativenas-c16l6_4e_shapes-voc.py"
RUNTIME = f"{ROOT}/configs/_base_/default_runtime.py"
pytestmark = pytest.mark.e2e


@pytest.fixture(autouse=True)
def small_config(monkeypatch, tmp_path):
    """A classifier that takes a second, in the folder where the tools are called."""
    monkeypatch.chdir(tmp_path)
    Path(CIFAR).write_text(SMALL)


@pytest.fixture
def call(tool, tmp_path):
    """Runs a tool in this process, in the folder of the config; gives exit code, output and errors."""

    def run(name, *arguments):
        done = tool(f"tools/{name}", *arguments, folder=tmp_path)
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A checkpoint as MMEngine writes it, of a network that was never trained."""
    path = tmp_path_factory.mktemp("weights") / "epoch_1.pth"
    torch.manual_seed(0)
    torch.save({"meta": {}, "state_dict": build_model(Config.fromstring(SMALL, ".py"), CIFAR).state_dict()}, path)
    return path


def test_analyze_a_classifier(tmp_path):
    out = tmp_path / "analysis.json"
    command = [sys.executable, "-W", "ignore", ROOT / "tools" / "analyze.py", CIFAR, "--out", out]
    command += ["--batch", "1", "3", "--repeats", "2", "--deploy"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(out.read_text())
    assert [part["name"] for part in found["parts"]] == [
        *("backbone", "auxiliary_head", "classifier", "total in use", "total")
    ]
    assert found["shape"] == [32, 32] and found["shape_source"] == "the images of cifar10"
    layouts = ("contiguous", "channels_last")
    assert [(row["batch"], row["layout"]) for row in found["latency"]] == [
        (batch, prefix + layout) for prefix in ("", "torch, ") for batch in (1, 3) for layout in layouts
    ]
    assert "deployed (torch), the backbone's feature maps differ by" in done.stdout
    assert all(row["lower"] <= row["median"] <= row["upper"] for row in found["latency"])
    assert "--batch 1 3 --repeats 2" in found["command"] and found["versions"]["torch"]
    assert "image 32x32 (from the images of cifar10)" in done.stdout and "| total in use " in done.stdout
    assert f"{found['parts'][-1]['macs']:,}" in done.stdout and f"torch {found['versions']['torch']}" in done.stdout
    assert "latency 4 of 4: batch 3, channels_last" in done.stderr


def test_analyze_a_detector(call, tmp_path):
    out = tmp_path / "analysis.md"
    out.write_text("old")
    code, page, errors = call("analyze.py", SSD, "--repeats", 0, "--shape", 128, 160, "--out", out)
    assert code == 0, errors
    assert out.read_text() == page and "| bbox_head " in page and "image 128x160 (from --shape)" in page
    assert "Latency" not in page and {path.name for path in tmp_path.iterdir()} == {out.name, CIFAR}


def test_export_and_verify_a_classifier(call, weights, tmp_path, monkeypatch):
    onnxruntime = pytest.importorskip("onnxruntime")
    out = tmp_path / "cifar.onnx"
    monkeypatch.setenv("CIFAR10_ROOT", str(write_cifar10(tmp_path / "data")))
    code, page, errors = call("export_onnx.py", CIFAR, weights, out, "--batch-dynamic", "--verify")
    assert code == 0, errors
    assert "CellClassifier, head: any number of images of 32x32, fixed (from the images of cifar10)" in page
    for images in ("noise (1x3x32x32)", "noise, other batch (3x3x32x32)", "test images (2x3x32x32)"):
        assert f"  {images}, logits: " in page
    session = onnxruntime.InferenceSession(out)
    images = torch.randn(5, 3, 32, 32)
    assert session.run(["logits"], {"images": images.numpy()})[0].shape == (5, 10)
    assert {path.name for path in tmp_path.iterdir()} == {"data", "cifar.onnx", CIFAR}


def test_export_a_detectors_backbone(call, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    weights, out = tmp_path / "ssd.pth", tmp_path / "backbone.onnx"
    torch.save({"state_dict": build_model(Config.fromfile(SSD), SSD).state_dict()}, weights)
    code, page, errors = call(
        *("export_onnx.py", SSD, weights, out, "--backbone-only", "--size-dynamic", "--shape", 64, 64)
    )
    assert code == 0, errors
    assert "1 image of any size (traced at 64x64) -> feature0, feature1, feature2" in page
    maps = onnxruntime.InferenceSession(out).run(None, {"images": torch.randn(1, 3, 75, 98).numpy()})
    assert [tuple(found.shape) for found in maps] == [(1, 64, 10, 13), (1, 128, 5, 7), (1, 256, 3, 4)]


def test_a_graph_that_differs_is_not_kept(call, weights, tmp_path):
    pytest.importorskip("onnxruntime")
    out = tmp_path / "a.onnx"
    out.write_bytes(b"mine")
    code, page, errors = call("export_onnx.py", CIFAR, weights, out, "--tolerance", "1e-30")
    assert code == 2 and "error: the exported graph is not the network: " in errors and "logits: " in page
    assert out.read_bytes() == b"mine" and {path.name for path in tmp_path.iterdir()} == {out.name, CIFAR}


def test_weights_that_are_not_complete(call, weights, tmp_path):
    pytest.importorskip("onnxruntime")
    state = torch.load(weights)["state_dict"]
    backbone = tmp_path / "backbone.pth"
    torch.save({key: value for key, value in state.items() if key.startswith("backbone.")}, backbone)
    code, _, errors = call("export_onnx.py", CIFAR, backbone, tmp_path / "a.onnx")
    assert code == 2 and "lacks 2 weights of CellClassifier, such as classifier." in errors
    code, page, errors = call("export_onnx.py", CIFAR, backbone, tmp_path / "a.onnx", "--backbone-only")
    assert code == 0 and "feature0" in page, errors


ANALYZE, EXPORT = ["analyze.py", CIFAR], ["export_onnx.py", CIFAR, "WEIGHTS", "a.onnx"]
BAD = [
    (["analyze.py", "no.py"], "the config 'no.py' does not exist"),
    (["analyze.py", RUNTIME], f"the config '{RUNTIME}' has no model"),
    ([*ANALYZE, "--shape", "-3", "32"], "--shape is -3 32; height and width must be positive"),
    ([*ANALYZE, "--device", "cuda:99"], "--device is 'cuda:99', but torch finds "),
    ([*ANALYZE, "--checkpoint", "no.pth"], "the checkpoint 'no.pth' does not exist"),
    ([*ANALYZE, "--batch", "1", "0"], "--batch is 0; batch sizes must be positive"),
    ([*ANALYZE, "--repeats", "1"], "--repeats is 1; it must be 0 or at least 2"),
    ([*ANALYZE, "--compile"], "--compile is given without --deploy, which it needs"),
    ([*ANALYZE, "--deploy", "--repeats", "0"], "--deploy with --repeats 0 would measure nothing"),
    ([*ANALYZE, "--out", "a.txt"], "--out is 'a.txt'; it must end with .json or .md"),
    ([*ANALYZE, "--out", f"{CIFAR}/a.md"], f"--out '{CIFAR}/a.md' cannot be written: "),
    ([*ANALYZE, "--out", "a.md/"], "--out 'a.md/' is a folder; name a file"),
    ([*ANALYZE, "--cfg-options", "model.type=Nothing"], f"the model of '{CIFAR}' cannot be built: KeyError: "),
    (["export_onnx.py", CIFAR, "no.pth", "a.onnx"], "the checkpoint 'no.pth' does not exist"),
    (["export_onnx.py", CIFAR, "WEIGHTS", f"{CIFAR}/a.onnx"], f"the output '{CIFAR}/a.onnx' cannot be written: "),
    (["export_onnx.py", CIFAR, "WEIGHTS", "a.onnx/"], "the output 'a.onnx/' is a folder; name a file"),
    (["export_onnx.py", CIFAR, "WEIGHTS", "a.pt"], "the output is 'a.pt'; it must be a file that ends with .onnx"),
    ([*EXPORT, "--tolerance", "0"], "--tolerance is 0.0; it must be positive"),
    ([*EXPORT, "--verify", "--cfg-options", "test_dataloader.dataset.data.data_root=nowhere"],
     "the data folder 'nowhere' of type 'cifar10' does not exist"),
]  # fmt: skip


@pytest.mark.parametrize("arguments, sentence", BAD, ids=lambda value: value[:30] if isinstance(value, str) else "")
def test_bad_input_is_one_sentence(arguments, sentence, call, weights):
    if arguments[0] == "export_onnx.py":
        pytest.importorskip("onnxruntime")
    code, _, errors = call(*(str(weights) if word == "WEIGHTS" else word for word in arguments))
    assert code == 2 and errors.splitlines()[-1].startswith(f"error: {sentence}")
    assert [path.name for path in Path.cwd().iterdir()] == [CIFAR]
