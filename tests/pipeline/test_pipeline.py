"""The pipeline: plans that do not hold, progress, and what is done again after an interruption.

The steps here are small scripts that leave the files that the tools leave; the tools themselves run in tests/e2e.
"""

import json

import pytest
from mmengine.config import Config

from relnas_mm.architectures import GENOTYPES, save_genotype
from relnas_mm.cfg_options import parse_option
from relnas_mm.errors import UserError
from relnas_mm.pipeline.plan import read_plan
from relnas_mm.pipeline.progress import Progress
from relnas_mm.pipeline.report import write_report
from relnas_mm.pipeline.run import run_pipeline, write_record
from relnas_mm.plots.training import loss_curve, metric_curve

pytestmark = pytest.mark.mm

COMMON = """
import json, pathlib, sys
folder = pathlib.Path(sys.argv[sys.argv.index('--work-dir') + 1])
folder.mkdir(parents=True, exist_ok=True)
with open(folder.parent / 'calls.txt', 'a') as file:
    file.write(json.dumps(sys.argv) + chr(10))
if (folder.parent / ('break_' + pathlib.Path(sys.argv[0]).stem)).exists():
    sys.exit(3)
"""
TOOLS = {
    "search.py": COMMON
    + """
import shutil
for file in (folder.parent / 'parts').iterdir():
    shutil.copy(file, folder / file.name)
""",
    "train.py": COMMON
    + """
(folder / 'best_mAP_epoch_2.pth').touch()
rows = [{'mAP': 0.0, 'step': 0}, {'loss': 3.0, 'step': 1}, {'loss': 2.0, 'step': 2}, {'mAP': 0.5, 'step': 2}]
(folder / '2026' / 'vis_data').mkdir(parents=True, exist_ok=True)
(folder / '2026' / 'vis_data' / 'scalars.json').write_text(chr(10).join(map(json.dumps, rows)))
""",
    "test.py": COMMON
    + """
pathlib.Path(sys.argv[sys.argv.index('--out') + 1]).write_text(json.dumps({'mAP': 0.4}))
""",
}


@pytest.fixture
def home(tmp_path):
    (tmp_path / "tools").mkdir()
    for name, text in TOOLS.items():
        (tmp_path / "tools" / name).write_text(text)
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("")
    return tmp_path


def plan_of(home, **changes):
    config = dict(
        work_dir=str(home / "run"),
        data=[],
        search=dict(config="a.py", cfg_options=dict(train_cfg=dict(seed=3, name="x"))),
        train=dict(config="b.py"),
        metric="mAP",
    )
    return read_plan(Config({**config, **changes}), "pipeline.py", home)


def start(home, plan):
    """The work_dir with what the small search script copies, and progress that says so."""
    parts = plan.work_dir / "parts"
    parts.mkdir(parents=True)
    save_genotype(GENOTYPES["darts_v2"], parts / "genotype.json")
    GENOTYPES["darts_v2"].draw(parts / "cells.png")
    GENOTYPES["darts_v2"].draw(parts / "search_curve.png")
    Progress(plan.work_dir, plan.fingerprint, {}, []).begin("data")


def calls(plan):
    lines = (plan.work_dir / "calls.txt").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_a_run_and_its_report(home):
    plan = plan_of(home)
    start(home, plan)
    page = run_pipeline(plan, home / "tools").read_text()
    assert "<b>0.000</b>" in page and "<b>0.500</b>" in page and "<b>0.400</b>" in page
    assert page.count("data:image/png;base64,") == 3
    search, train, test = calls(plan)
    assert search[-3:] == ["--cfg-options", "train_cfg.seed=3", "train_cfg.name=x"]
    cell = f"model.backbone.genotype={plan.work_dir / 'search' / 'genotype.json'}"
    assert cell in train and cell in test and str(plan.work_dir / "train" / "best_mAP_epoch_2.pth") in test
    assert metric_curve(plan.work_dir / "train", "mAP") == {0: 0.0, 2: 0.5}
    assert loss_curve(plan.work_dir / "train") == {1: 3.0, 2: 2.0}

    write_record(plan, "the command", home / "new" / "record.json")
    record = json.loads((home / "new" / "record.json").read_text())
    assert record["command"] == "the command" and record["versions"]["torch"] and record["device"]
    assert (record["untrained"], record["trained"], record["test"]) == (0.0, 0.5, 0.4)
    assert record["genotype"] == GENOTYPES["darts_v2"].hash
    with pytest.raises(UserError, match=f"the record '{home}' cannot be written"):
        write_record(plan, "the command", home)


def test_a_report_of_metrics_without_a_value(home):
    plan = plan_of(home)
    start(home, plan)
    run_pipeline(plan, home / "tools")
    (plan.work_dir / "metrics.json").write_text('{"mAP": null}')
    page = write_report(plan, {"test": 1.0}).read_text()
    assert "<b>–</b> on the test images" in page and '<td>mAP</td><td class="n">–</td>' in page


def test_options_reach_the_tools_as_they_are(home):
    options = {"data_root": "my data/it's", "classes": ["traffic light", "a, b"], "name": "5", "mode": "x,y"}
    plan = plan_of(home, work_dir=str(home / "my, run"), search=dict(config="a.py", cfg_options={"data": options}))
    start(home, plan)
    run_pipeline(plan, home / "tools")
    search, train, _ = calls(plan)
    assert dict(map(parse_option, search[-4:])) == {f"data.{key}": value for key, value in options.items()}
    assert parse_option(train[-1]) == ("model.backbone.genotype", str(plan.work_dir / "search" / "genotype.json"))


@pytest.mark.parametrize("broken, again", [("search", 4), ("train", 3), ("test", 2)])
def test_an_interrupted_run_continues_at_the_broken_step(home, broken, again):
    plan = plan_of(home)
    start(home, plan)
    (plan.work_dir / f"break_{broken}").touch()
    with pytest.raises(UserError, match=rf"{broken}\.py ended with exit code 3.*run again to continue"):
        run_pipeline(plan, home / "tools")
    before = len(calls(plan))
    (plan.work_dir / f"break_{broken}").unlink()
    run_pipeline(plan, home / "tools")
    later = calls(plan)[before:]
    assert len(later) == again - 1
    assert ("--resume" in later[0]) == (broken != "test")
    assert not any("--resume" in call for call in later[1:])
    run_pipeline(plan, home / "tools")
    assert len(calls(plan)) == before + len(later)


def test_other_folders_are_left_alone(home):
    plan = plan_of(home)
    plan.work_dir.mkdir()
    (plan.work_dir / "thesis.tex").write_text("mine")
    with pytest.raises(UserError, match=r"not empty and not a pipeline's"):
        run_pipeline(plan, home / "tools")
    assert [file.name for file in plan.work_dir.iterdir()] == ["thesis.tex"]


def test_a_changed_plan_does_not_continue_anothers_run(home):
    plan = plan_of(home)
    start(home, plan)
    (home / "a.py").write_text("population = 4\n")
    with pytest.raises(UserError, match="another pipeline config"):
        run_pipeline(plan_of(home), home / "tools")
    (plan.work_dir / "pipeline.json").write_text("{")
    with pytest.raises(UserError, match="cannot be read"):
        run_pipeline(plan, home / "tools")


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"search": {"config": "no.py"}}, r"search\.config of 'pipeline\.py' is 'no\.py', which does not exist"),
        ({"train": {"cfg_options": {}}}, "no config"),
        (
            {"train": {"config": "b.py", "cfg_options": {"a": {"b": [{"x": 1}]}}}},
            r"^train\.cfg_options of 'pipeline\.py': a\.b is \{'x': 1\}; --cfg-options takes",
        ),
        ({"train": {"config": "b.py", "genotype": 1}}, r"train of 'pipeline\.py' has \['genotype'\]"),
    ],
)
def test_plans_that_do_not_hold(home, changes, message):
    with pytest.raises(UserError, match=message):
        plan_of(home, **changes)


def test_a_plan_that_lacks_a_part(home):
    with pytest.raises(UserError, match=r"lacks \['data', 'metric', 'search', 'train'\]"):
        read_plan(Config(dict(work_dir="w")), "pipeline.py", home)
