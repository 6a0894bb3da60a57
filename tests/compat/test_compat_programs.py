"""mm's own programs and inferencers with mmcv-lite: the compatibility layer is there before they import mm.

An interpreter that `relnas-mm run` or an environment with `relnas-mm compat install` starts imports the API of an mm
package, as its programs do first, and then runs each of them in a child process of its own.
"""

import importlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from helpers import ROOT, run_tool
from helpers.mm import build
from mmengine.logging import HistoryBuffer
from PIL import Image

from relnas_mm.compat import ops_backend
from relnas_mm.compat.environment import environment_of_programs, install, remove, status
from relnas_mm.compat.programs import program_command
from relnas_mm.datasets.shapes import generate_shapes
from relnas_mm.launch import read_config

pytestmark = [pytest.mark.e2e, pytest.mark.mm]

TINY = "backbone=dict(init_channels=8, num_cells=3)"
LOADER = "dict(batch_size=2, num_workers=0, persistent_workers=False)"
CONFIGS = {
    "det.py": f"""
_base_ = "relnas_mm::ssd/ssd160_relativenas-c16l6_4e_shapes-voc.py"
model = dict({TINY}, bbox_head=dict(in_channels=(32, 64, 128, 128)),
             neck=dict(in_channels=(32, 64, 128), out_channels=(32, 64, 128, 128)))
train_cfg = dict(max_epochs=1)
train_dataloader = val_dataloader = test_dataloader = {LOADER}
""",
    "seg.py": f"""
_base_ = "relnas_mm::deeplabv3plus/deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_shapes.py"
model = dict({TINY}, decode_head=dict(in_channels=128, c1_in_channels=8), auxiliary_head=dict(in_channels=64))
""",
    "pose.py": f"""
_base_ = "relnas_mm::simple_baseline/td-hm_relativenas-c16l6_1xb32-12e_shapes-128x96.py"
model = dict({TINY}, head=dict(in_channels=128))
""",
}
INFERENCERS = {
    "DetInferencer": """
from mmdet.apis import DetInferencer
result = DetInferencer("det.py", "det.pth", device="cpu")("image.png", no_save_vis=True)
assert len(result["predictions"]) == 1
""",
    "MMSegInferencer": """
from mmseg.apis import MMSegInferencer
result = MMSegInferencer("seg.py", classes=["a"] * 9, palette=[[0, 0, 0]] * 9, device="cpu")("image.png", out_dir="seg")
assert result["predictions"].shape == (128, 256)
""",
    "MMPoseInferencer": """
from mmpose.apis import MMPoseInferencer
pose = MMPoseInferencer(pose2d="pose.py", det_model="whole_image", device="cpu")
assert len(next(pose("image.png"))["predictions"][0]) == 1
""",
}
FIRST = {
    "mmdet.apis mmseg.apis mmpose.apis": [
        "mmdet:test.py det.py det.pth --work-dir test --out predictions.pkl",
        "mmdet:browse_dataset.py det.py --output-dir browse --not-show",
        "mmdet:confusion_matrix.py det.py predictions.pkl matrix",
        "mmseg:get_flops.py seg.py --shape 128 256",
        "mmpose:get_flops.py pose.py --input-shape 128 96",
        "DetInferencer.py",
        "MMSegInferencer.py",
        "MMPoseInferencer.py",
    ],
    "torch": [
        "mmseg:publish_model.py det.pth published_seg.pth",
        "mmdet:publish_model.py det.pth published_det.pth",
        "mmpose:publish_model.py det.pth published_pose.pth",
    ],
}
"""Programs by what they import first; those of the second import mmengine later or never."""
INSTALLED = {"mmdet:test.py", "mmseg:get_flops.py", "MMPoseInferencer.py", "mmseg:publish_model.py"}
"""What runs with the installed layer too, one of each package and kind; the driver says that the layer is the same."""
PRINTS = {
    "mmdet:test.py": "pascal_voc/mAP",
    "mmseg:get_flops.py": "Compute type: ",
    "mmpose:get_flops.py": "Input shape: (1, 3, 128, 96)",
}
LEAVES = ["browse/*", "matrix/confusion_matrix.png", *(f"published_{name}-*.pth" for name in ("det", "seg", "pose"))]
DRIVER = """
import importlib, json, os, runpy, sys
first, *programs = json.loads(sys.argv[1])
for module in first.split():
    importlib.import_module(module)
print("the layer is there:", "relnas_mm" in sys.modules)
from relnas_mm.compat import ops_backend
print("operators:", ops_backend())
for path, *arguments in programs:
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        sys.argv = [path, *arguments]
        runpy.run_path(path, run_name="__main__")
        sys.exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(f"{os.path.basename(path)} ended with {code}")
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A user's folder: three configs, a checkpoint of MMEngine's, an image."""
    folder = tmp_path_factory.mktemp("project")
    generate_shapes(folder / "voc", "voc", {"train": 4, "val": 2, "test": 2}, image_size=64, progress=False)
    for name, text in CONFIGS.items():
        (folder / name).write_text(text)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (128, 256, 3), dtype=np.uint8)).save(folder / "image.png")
    with mock.patch.dict(os.environ, SHAPES_ROOT=str(folder)):
        config = read_config(str(folder / "det.py"))
    model = build(config.model, "mmdet")
    meta = {"dataset_meta": dict(config.metainfo), "cfg": config.pretty_text, "epoch": 1, "iter": 2}
    hub = {"log_scalars": {"train/loss": HistoryBuffer([1.0, 0.5], [1, 1])}, "resumed_keys": {}, "runtime_info": {}}
    state = {"meta": meta, "state_dict": model.state_dict(), "message_hub": hub, "optimizer": {}}
    torch.save(state, folder / "det.pth")
    return folder


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """An environment with the packages of this one, and the layer installed."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "parent.pth").write_text(str(Path(np.__file__).parents[1]) + "\n")
    install(packages)
    return folder / "bin" / "python"


def variables(folder, **others):
    plain = {name: value for name, value in os.environ.items() if name != "RELNAS_MM_COMPAT"}
    return {**plain, "PYTHONPATH": str(ROOT), "SHAPES_ROOT": str(folder), "MPLBACKEND": "agg", **others}


def script(name):
    """The file of PACKAGE:PROGRAM in a wheel, or of the project."""
    package, _, name = name.rpartition(":")
    if not package:
        return name
    folder = Path(importlib.import_module(package).__file__).parent / ".mim" / "tools"
    return str(min(folder.rglob(name), key=lambda path: len(path.parts)))


def started(how, words, folder, python):
    """Runs a script, or mim, in one of two ways."""
    if how == "relnas-mm run":
        command = [sys.executable, "-m", "relnas_mm", "run", *words]
    elif words[0] == "mim":
        command = [python, "-c", "import sys; from mim.cli import cli; sys.exit(cli())", *words[1:]]
    else:
        command = [python, *words]
    env = variables(folder, PATH=f"{python.parent}:{os.environ['PATH']}")
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=env, capture_output=True, text=True, errors="replace", timeout=300
    )
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-3000:]
    return done.stdout + done.stderr


HOW = pytest.mark.parametrize("how", ["relnas-mm run", "relnas-mm compat install"])


@pytest.mark.slow
@HOW
@pytest.mark.parametrize("first", FIRST)
def test_programs_and_inferencers(first, how, project, python):
    kept = set(project.rglob("*"))
    lines = [line.split() for line in FIRST[first] if how == "relnas-mm run" or line.split()[0] in INSTALLED]
    programs = [[script(name), *arguments] for name, *arguments in lines]
    for name, text in INFERENCERS.items():
        (project / f"{name}.py").write_text(text)
    (project / "driver.py").write_text(DRIVER)
    out = started(how, ["driver.py", json.dumps([first, *programs])], project, python)
    assert out.count(" ended with 0") == len(programs), out[-3000:]
    assert "the layer is there: True\n" in out and f"operators: {ops_backend()}\n" in out
    assert all(text in out for name, text in PRINTS.items() if any(line[0] == name for line in lines))
    for pattern in LEAVES:
        found = set(project.glob(pattern)) - kept
        assert found or not any(pattern.split("/")[0].split("-")[0] in " ".join(line) for line in lines)
        for path in found:
            path.unlink()


@pytest.mark.slow
@HOW
def test_mim(how, project, python):
    pytest.importorskip("mim", reason="openmim is not installed")
    words = ["mim", "test", "mmdet", "det.py", "--checkpoint", "det.pth", "--work-dir", "mim"]
    assert "pascal_voc/mAP" in started(how, words, project, python)


@pytest.mark.parametrize("package", ["mmdet", "mmseg", "mmpose"])
def test_a_program_is_found_by_its_name(package):
    command = program_command([package, "publish_model", "a.pth", "b.pth"])
    assert command == [sys.executable, script(f"{package}:publish_model.py"), "a.pth", "b.pth"]


def test_a_program_runs_by_its_name(project, python):
    started("relnas-mm run", ["mmseg", "publish_model", "det.pth", "named.pth"], project, python)
    assert list(project.glob("named-*.pth"))


@pytest.mark.slow
def test_without_the_layer_they_end_as_they_do_today(project):
    path = project / "plain.py"
    path.write_text(INFERENCERS["DetInferencer"])
    done = subprocess.run([sys.executable, path], cwd=project, env=variables(project), capture_output=True, text=True)
    assert done.returncode == 1 and "No module named 'mmcv._ext'" in done.stderr


def test_what_is_installed_can_be_removed_and_is_found_outdated(tmp_path):
    assert status(tmp_path) == "off" and not remove(tmp_path)
    install(tmp_path)
    assert status(tmp_path) == "on"
    (tmp_path / "_relnas_mm_startup.py").write_text("# of an earlier version")
    assert status(tmp_path) == "outdated"
    install(tmp_path)
    assert status(tmp_path) == "on" and remove(tmp_path) and list(tmp_path.iterdir()) == []


def test_the_start_imports_nothing_and_costs_less_than_two_milliseconds(python):
    """The least of five starts, as others use the machine."""
    costs = []
    for _ in range(5):
        command = [python, "-X", "importtime", "-c", "import sys; print(*sorted(sys.modules))"]
        done = subprocess.run(command, env=variables(ROOT), capture_output=True, text=True, check=True)
        assert not {"relnas_mm", "mmengine", "torch", "numpy"} & set(done.stdout.split())
        (line,) = (line for line in done.stderr.splitlines() if line.endswith("_relnas_mm_startup"))
        costs.append(int(line.split("|")[1]))
    assert min(costs) < 2000  # microseconds


def test_a_package_that_is_gone_is_a_warning(python, tmp_path):
    command = [python, "-c", "import mmengine; print('went on')"]
    environment = {**variables(ROOT), "PYTHONPATH": ""}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (
        done.stdout == "went on\n" and "relnas_mm cannot be imported" in done.stderr and "compat remove" in done.stderr
    )


def test_another_sitecustomize_still_runs(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("print('theirs')")
    environment = environment_of_programs()
    environment["PYTHONPATH"] += f"{os.pathsep}{tmp_path}"
    done = subprocess.run([sys.executable, "-c", ""], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "theirs\n"


BAD = {
    "mmdet": "needs the name of a program; mmdet has ",
    "mmdet nothing": "mmdet has no program 'nothing'; it has ",
    "gone.py": "the script 'gone.py' does not exist",
    "json": "'json' is no script (a file that ends with .py), no installed mm package and no installed command",
    "mmseg browse_dataset": "several programs 'browse_dataset'; name one of analysis_tools/browse_dataset, misc/browse",
}


@pytest.mark.parametrize("words", BAD)
def test_what_cannot_be_run_is_named(words):
    done = run_tool("relnas_mm/__main__.py", "run", *words.split())
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert BAD[words] in done.stderr
