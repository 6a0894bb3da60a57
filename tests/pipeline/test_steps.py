"""The graph of steps, and their command lines."""

import os
import shutil
import sys

import pytest
import torch

from relnas_mm.cfg_options import parse_option
from relnas_mm.errors import UserError
from relnas_mm.pipeline.launch import Launcher
from relnas_mm.pipeline.selection import select
from relnas_mm.pipeline.steps import TrainedIn, steps_of

pytestmark = pytest.mark.mm


def options_of(words):
    return dict(map(parse_option, words[words.index("--cfg-options") + 1 :]))


def test_the_graph(plan_of):
    steps = {step.name: step for step in steps_of(plan_of(seeds=[0, 1]))}
    order = list(steps)
    for step in steps.values():
        assert all(order.index(name) < order.index(step.name) for name in step.needs)
    assert order[:4] == ["data.voc", "search", "random.0", "random.1"]
    assert steps["random.1"].needs == ("search",)
    assert steps["classification.found.1.train"].needs == ("data.voc", "search")
    assert steps["detection.random.1.train"].needs == ("data.voc", "random.1", "classification.random.1.train")
    assert steps["detection.random.1.test"].needs == ("detection.random.1.train",)
    assert len(steps) == 4 + 2 * (2 * 2 * 2 + 2)
    assert len({step.folder for step in steps.values()}) == len(steps)


@pytest.mark.parametrize("init", ["random", "config", "search", "file"])
def test_where_weights_come_from(plan_of, home, init):
    (home / "weights.pth").touch()
    value = str(home / "weights.pth") if init == "file" else init
    plan = plan_of(backbones=dict(found=dict(genotype="search", init=value)))
    steps = {step.name: step for step in steps_of(plan)}
    assert not any(name.startswith("classification") for name in steps)  # no one starts from it
    options = options_of(steps["detection.found.0.train"].words(found=False))
    weights = {key: value for key, value in options.items() if "init_cfg" in key}
    if init == "random":
        assert weights == {"model.backbone.init_cfg": None}
    elif init == "config":
        assert weights == {}
    else:
        path = str(home / "run" / "weights" / "found" / "0" / "backbone.pth") if init == "search" else value
        assert weights == {"model.backbone.init_cfg.type": "Pretrained", "model.backbone.init_cfg.checkpoint": path}
    assert ("weights.found.0" in steps) == (init == "search")


def test_options_reach_the_tools_as_they_are(plan_of, home):
    given = {"data_root": "my data/it's", "classes": ["traffic light", "a, b"], "name": "5", "mode": "x,y"}
    tasks = dict(detection=dict(config="detector.py", metric="m", cfg_options={"data": given}))
    plan = plan_of(work_dir=str(home / "my, run"), tasks=tasks)
    step = next(step for step in steps_of(plan) if step.name == "detection.found.0.train")
    genotype = str(home / "my, run" / "search" / "genotype.json")
    expected = {f"data.{key}": value for key, value in given.items()}
    expected |= {"model.backbone.genotype": genotype, "randomness.seed": 0, "model.backbone.init_cfg": None}
    assert options_of(step.words()) == expected


def test_the_checkpoint_of_a_training(tmp_path):
    with pytest.raises(UserError, match=r"left no checkpoint; set default_hooks\.checkpoint"):
        TrainedIn(tmp_path).find()
    torch.save({}, tmp_path / "epoch_3.pth")
    (tmp_path / "last_checkpoint").write_text("/somewhere/else/epoch_3.pth")  # the folder has moved
    assert TrainedIn(tmp_path).find() == tmp_path / "epoch_3.pth"
    for number in (9, 10):
        torch.save({}, tmp_path / f"best_a_epoch_{number}.pth")
    (tmp_path / "best_a_epoch_11.pth").touch()  # a killed process
    assert TrainedIn(tmp_path).find() == tmp_path / "best_a_epoch_10.pth"
    for path in tmp_path.glob("best_*"):
        path.write_bytes(b"")
    assert TrainedIn(tmp_path).find() == tmp_path / "epoch_3.pth"


def test_selection(plan_of):
    steps = steps_of(plan_of(seeds=[0, 1]))
    names = {step.name for step in steps}
    assert select(steps) == names
    assert select(steps, last="search") == {"data.voc", "search"}
    assert select(steps, first="detection") == {name for name in names if name.startswith("detection")}
    assert select(steps, only=["*.found.1.train"]) == {"classification.found.1.train", "detection.found.1.train"}
    assert select(steps, only=["detection.random", "search"]) == {"search"} | {
        name for name in names if name.startswith("detection.random.")
    }
    with pytest.raises(UserError, match="--only 'segmentation' is no step of this pipeline; .*groups: data, search"):
        select(steps, only=["segmentation"])
    with pytest.raises(UserError, match="--from 'detection' comes after --until 'search'"):
        select(steps, first="detection", last="search")


def words_of(plan, name, **launcher):
    step = next(step for step in steps_of(plan) if step.name == name)
    return Launcher(tools=launcher.pop("tools"), **launcher).command(step, resume=True, found=False)


def test_launchers(plan_of, home):
    plan, tools = plan_of(), home / "tools"
    train, test = "detection.found.0.train", "detection.found.0.test"
    folder = str(home / "run" / "detection" / "found" / "0" / "train")
    config = str(home / "detector.py")
    plain = words_of(plan, train, tools=tools)
    assert plain[:6] == [sys.executable, str(tools / "train.py"), config, "--resume", "--work-dir", folder]
    several = words_of(plan, train, tools=tools, kind="pytorch", gpus=8)
    assert several[:5] == ["bash", str(tools / "dist_train.sh"), config, "8", "--resume"]
    slurm = words_of(plan, train, tools=tools, kind="slurm", gpus=8, partition="gpu")
    assert slurm[:7] == ["bash", str(tools / "slurm_train.sh"), "gpu", train, config, folder, "--resume"]
    assert "--work-dir" not in slurm
    tested = words_of(plan, test, tools=tools, kind="pytorch", gpus=2)
    assert tested[2:5] == [config, f"{folder}/best_*.pth", "2"] and "--resume" not in tested
    assert words_of(plan, "detection.found.cost", tools=tools, kind="pytorch", gpus=8)[0] == sys.executable


def test_commands_as_a_user_types_them(plan_of, home):
    """With the program that runs them: reports said `python` before a shell script."""
    steps = {step.name: step for step in steps_of(plan_of())}
    plain, several = Launcher(home / "tools"), Launcher(home / "tools", "pytorch", gpus=2)
    assert plain.shown(steps["search"]).startswith(f"python {home}/tools/search.py ")
    assert several.shown(steps["search"]).startswith(f"bash {home}/tools/dist_search.sh ")
    assert "best_*.pth" in plain.shown(steps["detection.found.0.test"])


def test_launchers_that_do_not_fit(tmp_path):
    for arguments, message in [
        ({"kind": "mpi"}, "--launcher is 'mpi'"),
        ({"gpus": 0}, "--gpus is 0"),
        ({"gpus": 2}, "--gpus 2 needs --launcher"),
        ({"kind": "slurm"}, "--launcher slurm needs --partition"),
    ]:
        with pytest.raises(UserError, match=message):
            Launcher(tmp_path, **arguments)


def test_steps_at_the_same_time_share_gpus_and_ports(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6,7")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    launcher = Launcher(tmp_path, "pytorch", gpus=2)
    found = [launcher.environment(slot, jobs=2) for slot in (0, 1)]
    assert [one["CUDA_VISIBLE_DEVICES"] for one in found] == ["4,5", "6,7"]
    assert [one["PORT"] for one in found] == ["29500", "29501"]
    assert "PORT" not in Launcher(tmp_path).environment() or "PORT" in os.environ


def test_launch_scripts_find_the_python_of_the_pipeline(tmp_path, monkeypatch):
    """Also outside of an activated environment."""
    monkeypatch.setenv("PATH", "/usr/bin")
    found = shutil.which("python", path=Launcher(tmp_path, "pytorch", 2).environment()["PATH"])
    assert found is not None and os.path.samefile(found, sys.executable)
    assert shutil.which("bash")
