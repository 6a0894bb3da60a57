"""The configs that ship, planned with data roots that are fakes or missing: nothing runs."""

import re
import sys

import pytest
from helpers import ROOT, called

from relnas_mm.cli import pipeline
from relnas_mm.launch import read_config
from relnas_mm.packaged import home
from relnas_mm.pipeline import estimates
from relnas_mm.pipeline.durations import duration_text
from relnas_mm.pipeline.estimates import Estimates
from relnas_mm.pipeline.launch import Launcher
from relnas_mm.pipeline.learning_rates import scaled_rates
from relnas_mm.pipeline.pace import remaining
from relnas_mm.pipeline.plan import read_plan
from relnas_mm.pipeline.run import PipelineRun
from relnas_mm.pipeline.steps import steps_of

pytestmark = pytest.mark.mm
CONFIGS = ROOT / "configs" / "pipeline"
VARIABLES = {
    "CIFAR10_ROOT": "cifar",
    "IMAGENET_ROOT": "imagenet",
    "VOC_ROOT": "voc/",
    "CITYSCAPES_ROOT": "cityscapes/",
    "COCO_ROOT": "coco",
    "CAMVID_ROOT": "camvid/",
    "SHAPES_ROOT": "shapes",
}


@pytest.fixture
def roots(tmp_path, monkeypatch):
    """Sets the variables of all data sets to folders that do not exist, and makes the estimates cheap."""
    for name, folder in VARIABLES.items():
        monkeypatch.setenv(name, str(tmp_path / "data" / folder) + ("/" if folder.endswith("/") else ""))
    monkeypatch.setattr(estimates, "PROBED_SIDE", 64)
    monkeypatch.setattr(estimates, "PROBED_BATCH", 2)
    return tmp_path / "data"


def make(roots, run):
    """Creates what is missing as empty folders and files."""
    for step in run.steps:
        for one in run.inputs.missing(step):
            path = one.path.rstrip("/")
            folder = re.search(r"\.\w+$", path) is None
            (roots / path).parent.mkdir(parents=True, exist_ok=True)
            (roots / path).mkdir(exist_ok=True) if folder else (roots / path).touch()


def run_of(name, folder):
    plan = read_plan(read_config(str(CONFIGS / name)), name, home())
    return PipelineRun(steps_of(plan), folder, Launcher(ROOT / "tools")), plan


def shown(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["pipeline", *words])
    assert called(pipeline.main, *words, "--dry-run") == 0
    return capsys.readouterr().out


def test_the_full_protocol_without_data(roots, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Estimates, "_estimate", lambda self, step: estimates.Estimate())
    text = shown(monkeypatch, capsys, str(CONFIGS / "paper.py"), "--work-dir", str(tmp_path / "run"))
    for variable, page in {
        "CIFAR10_ROOT": "search",
        "IMAGENET_ROOT": "classification",
        "VOC_ROOT": "detection",
        "CITYSCAPES_ROOT": "segmentation",
        "COCO_ROOT": "pose",
    }.items():
        line = next(line for line in text.splitlines() if f"set {variable} to its folder" in line)
        assert str(roots) in line and f"see docs/{page}.md" in line
        assert (ROOT / "docs" / f"{page}.md").read_text().count(variable)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize("gpus", [1, 8])
def test_the_full_protocol_with_fake_data(roots, tmp_path, monkeypatch, capsys, gpus):
    for _ in range(3):  # a root that is missing hides what should be in it
        run, _ = run_of("paper.py", tmp_path / "run")
        make(roots, run)
    assert not any(run.inputs.missing(step) for step in run.steps)
    trainings = 3 * (4 * 4 + 3)  # MobileNetV2 has published classifier weights
    assert sum(step.tool == "train" for step in run.steps) == trainings
    if gpus == 8:
        monkeypatch.setattr(Estimates, "_estimate", lambda self, step: estimates.Estimate())
    words = ["--launcher", "pytorch", "--gpus", "8"] if gpus == 8 else []
    text = shown(monkeypatch, capsys, str(CONFIGS / "paper.py"), "--work-dir", str(tmp_path / "run"), *words)
    assert "missing data" not in text
    lines = {line.split()[0]: line for line in text.splitlines() if line and line[0] != " "}
    assert lines["search"].split()[1:3] == ["to", "run"]
    assert "after the steps above" in lines["segmentation.mobilenetv2.2.test"] and "~" not in text.split("commands:")[1]
    commands = text.split("commands:\n")[1].splitlines()
    assert len(commands) == len(run.steps)
    search = next(line for line in commands if "search" in line and "relativenas_cifar10.py" in line)
    bisenet = next(line for line in commands if "segmentation/darts/1/train" in line)
    if gpus == 8:
        assert f"bash {ROOT}/tools/dist_search.sh " in search and "relativenas_cifar10.py 8 --work-dir" in search
        assert "dist_train.sh" in bisenet and ".py 8 --auto-scale-lr --work-dir" in bisenet
    else:
        assert f"python3 {ROOT}/tools/search.py " in search or f"python {ROOT}/tools/search.py " in search
        sizes = [line.split() for name, line in lines.items() if name.endswith(".train")]
        assert all(" GB" in " ".join(words) for words in sizes)  # memory is known without data
    assert "model.backbone.backbone.genotype=darts_v2" in bisenet
    assert "model.backbone.backbone.init_cfg.prefix=backbone." in bisenet


def test_estimates_of_generated_data(roots, tmp_path):
    """Time and memory are known before the data are there, and grow with what they are for."""
    run, plan = run_of("quickstart.py", tmp_path / "run")
    found = Estimates(plan, run)
    by_name = {step.name: found[step] for step in run.steps}
    assert all(one.seconds and one.memory and one.disk for one in by_name.values())
    train, test = (by_name[f"detection.found.0.{part}"] for part in ("train", "test"))
    assert train.seconds > test.seconds and train.disk > test.disk
    images = sum(plan.data[0]["splits"].values())
    assert by_name["data.image_folder"].seconds == pytest.approx(4 + images / estimates.IMAGES_PER_SECOND)


@pytest.mark.parametrize("name", ["mini.py", "pretraining_mini.py"])
def test_the_other_configs(roots, tmp_path, name):
    run, plan = run_of(name, tmp_path / "run")
    make(roots, run)
    statuses = run.statuses()
    assert len(statuses) == len(run.steps) > 20
    tasks = {step.stage for step in run.steps}
    assert {"search", "classification", "detection", "segmentation", "pose"} <= tasks
    assert len(plan.seeds) == 3


def test_learning_rates_that_are_scaled_are_said(roots, tmp_path):
    """The quickstart's batches are those of its rates; with two processes all of them are doubled."""
    run, _ = run_of("quickstart.py", tmp_path / "run")
    assert list(scaled_rates(run.steps, run.inputs, 1)) == []
    said = list(scaled_rates(run.steps, run.inputs, 2))
    assert [sentence.split(":")[0] for sentence in said] == ["classification", "detection", "segmentation", "pose"]
    assert "rate is multiplied by 2, as a step takes 8 x 2 images and auto_scale_lr.base_batch_size is 8" in said[0]


def test_durations_and_what_is_left(roots, tmp_path):
    assert [duration_text(seconds) for seconds in (0.4, 59, 192, 18_600, 259_200)] == [
        "0.4 s",
        "59 s",
        "3 min 12 s",
        "5 h 10 min",
        "3 d 0 h",
    ]
    run, _ = run_of("quickstart.py", tmp_path / "run")
    seconds = {"detection.found.0.train": 100.0, "detection.found.0.test": 10.0}
    left = ["detection.random.0.train", "detection.random.0.test", "pose.found.0.train"]
    assert remaining(run.steps, seconds, left) == "; 3 steps left, about 1 min 50 s for 2 of them"
    assert remaining(run.steps, seconds, left, jobs=2) == "; 3 steps left, about 55 s for 2 of them"
    assert remaining(run.steps, {}, left[:1]) == "; 1 step left" and remaining(run.steps, seconds, []) == ""
