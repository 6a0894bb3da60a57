"""What the README says is what happens: its commands, its configs, its figures."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
from helpers import ROOT, run_tool

README = (ROOT / "README.md").read_text()
PREFIX = ["pip", "install", "uv", "&&", "uv", "run", "--locked"]
SMALL = (
    """
data.0.splits.train=60 data.0.splits.val=20 data.1.splits.train=48 data.1.splits.val=8 data.1.splits.test=8
data.2.splits.train=16 data.2.splits.val=4 data.3.splits.train=16 data.3.splits.val=4
search.cfg_options.train_cfg.evaluator.data.limit=60 search.cfg_options.train_cfg.strategy.population_size=2
search.cfg_options.train_cfg.strategy.generations=1
""".split()  # noqa: SIM905
    + [f"tasks.{task}.cfg_options.train_cfg.max_epochs=1" for task in ("classification", "detection")]
    + [
        f"tasks.{task}.cfg_options.{split}_dataloader.{key}"
        for task in ("classification", "detection")
        for split in ("train", "val", "test")
        for key in ("num_workers=0", "persistent_workers=False")
    ]
)
ONLY = ["data", "search", "classification.found.0", "detection.found.0"]
"""The found cell in a detector: 9 of the 30 steps; the other tasks and cells take the same tools."""


def command(name):
    """The shell line under the comment `<!-- NAME command -->`."""
    (line,) = re.findall(rf"<!-- {name} command -->\n```bash\n(.*)\n```", README)
    return shlex.split(line)


@pytest.mark.e2e
@pytest.mark.slow
def test_the_main_job_at_a_small_size(tmp_path):
    """The first command's tool and config, with few images and epochs, gives everything the README lists."""
    words = command("main")
    assert words[: len(PREFIX)] == PREFIX and words[len(PREFIX)] == "python"
    work_dir = tmp_path / "quickstart"
    run = [sys.executable, *words[len(PREFIX) + 1 :], "--work-dir", str(work_dir), "--only", *ONLY]
    run += ["--cfg-options", *SMALL]
    environment = {**os.environ, "SHAPES_ROOT": str(tmp_path / "shapes")}
    done = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    listed = README.split("work_dirs/quickstart/\n")[1].split("```")[0]
    for name in re.findall(r"(\w+\.(?:jsonl|json|svg|png|html|md|csv))", listed):
        assert list(work_dir.rglob(name)), name
    assert {"search/", "classification/", "detection/", "segmentation/", "pose/"} <= set(listed.split())
    for task, metric in {
        "classification": "accuracy/top1",
        "detection": "pascal_voc/mAP",
    }.items():
        assert json.loads((work_dir / task / "found" / "0" / "test" / "metrics.json").read_text())[metric] >= 0
    assert len(list((work_dir / "detection" / "found" / "0" / "test" / "pictures").iterdir())) == 8
    report = (work_dir / "report.md").read_text()
    assert "random" in report and "not started" in report  # what was left out is said
    again = run_tool(*run[1:], **environment)
    assert again.returncode == 0 and again.stdout.count("done before") == 9


@pytest.mark.unit
def test_ci_runs_the_test_command_and_what_it_leaves_out():
    assert command("test") == [*PREFIX, "pytest"]
    script = (ROOT / ".ci" / "run").read_text()
    assert "<!-- test command -->" in script and "\nuv run --locked pytest -m slow\n" in script
    assert "`uv run --locked pytest -m slow`" in README


@pytest.mark.unit
def test_every_file_that_the_readme_names_is_there():
    named = set(re.findall(r"\]\(([^)#:]+)\)", README)) | set(re.findall(r"\b((?:tools|configs)/[\w./-]+\.py)", README))
    assert len(named) > 10
    for name in named:
        assert (ROOT / name).exists(), name


@pytest.mark.unit
def test_tables_in_the_documentation_are_up_to_date():
    done = subprocess.run([sys.executable, "tools/update_docs.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.unit
def test_the_workflow_installs_as_the_docs_say():
    """Plain pip from torch alone: the same packages in both."""

    def packages(text, first):
        (line,) = re.findall(rf"^ *pip install {first}(?:.*\\\n)*.*", text, re.MULTILINE)
        return shlex.split(line.replace("\\\n", " "), comments=True)

    docs = (ROOT / "docs" / "install.md").read_text().split("## 3. ")[1].split("\n## ")[0]
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    for first in ("safetensors", "--no-deps mmengine", "'numpy<2.4'"):
        assert packages(docs, first) == packages(workflow, first)


def test_tests_that_the_documentation_names_are_there():
    named = set()
    for page in (ROOT / "docs").rglob("*.md"):
        named |= set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", page.read_text()))
    assert len(named) > 15
    for path, test in named:
        text = (ROOT / path).read_text()
        assert not test or f"def {test}(" in text, f"{path} has no {test}"
