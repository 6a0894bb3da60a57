"""The wheel: what it holds, and that everything works from it in an empty folder."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from helpers import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, by setuptools as it is here, so that neither the network nor this checkout is touched."""
    pytest.importorskip("setuptools", reason="the build back-end is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    skip = shutil.ignore_patterns(".git", ".venv", ".mim", "work_dirs", "data", "build", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, source, ignore=skip)
    build = (
        "from setuptools.build_meta import build_wheel, get_requires_for_build_wheel as needs; needs();"
        f"print(build_wheel({str(folder)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", build], cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    (path,) = folder.glob("*.whl")
    return path


CALLS = {"relnas-mm": "from relnas_mm.cli.main import main; main()", "mim": "from mim.cli import cli; sys.exit(cli())"}


@pytest.fixture(scope="module")
def command(wheel, tmp_path_factory):
    """`relnas-mm` or `mim` with the unpacked wheel, in an empty folder far from the checkout."""
    packages = tmp_path_factory.mktemp("packages")
    zipfile.ZipFile(wheel).extractall(packages)
    folder = tmp_path_factory.mktemp("empty")

    def run(*words, program="relnas-mm", **environment):
        code = "import relnas_mm, sys; assert relnas_mm.__file__.startswith(sys.argv.pop(1))"
        env = {**os.environ, "PYTHONPATH": str(packages), **environment}
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                f"{code}; {CALLS[program]}",
                str(packages),
                *map(str, words),
            ],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
        return done.stdout + done.stderr

    run.folder = folder
    return run


@pytest.mark.unit
def test_it_holds_configs_and_tools(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "relnas_mm/.mim/configs/ssd/ssd300_relativenas_120e_voc07.py" in names
    assert {"relnas_mm/.mim/tools/search.py", "relnas_mm/.mim/model-index.yml"} <= names
    assert {"relnas_mm/pages/base.html.j2", "relnas_mm/pages/tables.html.j2", "relnas_mm/search/replay.html"} <= names
    assert {"relnas_mm/pipeline/report/report.html.j2", "relnas_mm/comparison/report.html.j2"} <= names
    packed = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "relnas_mm").rglob("*.py") if ".mim" not in path.parts
    }
    assert packed <= names and not any(name.startswith("tests") for name in names)
    assert {n.removeprefix("relnas_mm/.mim/") for n in names if "/configs/" in n} == {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "configs").rglob("*")
        if path.suffix in (".py", ".md", ".yml")
    }
    (entry,) = (name for name in names if name.endswith("entry_points.txt"))
    assert "relnas-mm = relnas_mm.cli.main:main" in zipfile.ZipFile(wheel).read(entry).decode()


@pytest.mark.e2e
def test_a_packaged_config_is_named_by_its_package(command):
    assert "usage" in command("--help")
    assert "CellBackbone" in command("print-config", "relnas_mm::ssd/ssd160_relativenas-c16l6_4e_shapes-voc.py")
    command("draw", "relativenas", "--out", "cell.png")
    assert (command.folder / "cell.png").stat().st_size > 1000


@pytest.mark.e2e
@pytest.mark.mm
@pytest.mark.slow
def test_a_config_of_another_project_is_trained_and_tested_by_mim(command, tmp_path):
    """Its base is a config in the wheel, and so are the tools that mim calls."""
    pytest.importorskip("mim", reason="openmim is not installed")
    assert "ssd300_relativenas_120e_voc0712" in command("search", "relnas_mm", program="mim")
    shapes = ("make_shapes", str(tmp_path), "--layout", "voc", "--splits", "train=4", "val=2", "test=2")
    command("run", "relnas_mm", *shapes, "--image-size", "64", program="mim")
    (command.folder / "mine.py").write_text("""
_base_ = "relnas_mm::ssd/ssd160_relativenas-c16l6_4e_shapes-voc.py"
train_cfg = dict(max_epochs=1)
train_dataloader = val_dataloader = test_dataloader = dict(batch_size=2, num_workers=0, persistent_workers=False)
""")
    out = command("train", "relnas_mm", "mine.py", "--work-dir", "run", program="mim", SHAPES_ROOT=str(tmp_path))
    assert "Training finished successfully" in out
    words = ("test", "relnas_mm", "mine.py", "--checkpoint", "run/epoch_1.pth", "--work-dir", "test")
    out = command(*words, program="mim", SHAPES_ROOT=str(tmp_path))
    assert "Testing finished successfully" in out and "pascal_voc/mAP" in out
