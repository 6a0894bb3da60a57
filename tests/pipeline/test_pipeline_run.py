"""Running: what is done again, what an error stops, and what is told."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from relnas_mm.errors import UserError
from relnas_mm.pipeline.child_processes import Processes
from relnas_mm.pipeline.collect import collect
from relnas_mm.pipeline.record import record
from relnas_mm.pipeline.run import unfinished

pytestmark = pytest.mark.mm
ROOT = Path(__file__).resolve().parents[2]


def names(run):
    return [step.name for step in run.steps]


def states(statuses):
    return {name: one.state for name, one in statuses.items()}


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_run_and_its_results(run_of, calls, jobs):
    run = run_of(jobs=jobs, seeds=[0, 1])
    statuses = run.run(names(run))
    assert set(states(statuses).values()) == {"done"} and list(statuses) == names(run)
    assert len(calls()) == len(run.steps)
    results = collect(run.plan, run.steps, statuses, run.launcher, "the command")
    found = record(results)
    assert found["scores"]["detection"] == {"found": [40.0, 40.0], "random": [30.0, 30.0]}
    assert found["scores"]["classification"]["found"] == [0.4, 0.4]
    assert found["complete"] and found["command"] == "the command"
    assert found["backbones"]["found"]["params"]["detection"] == 1000
    assert found["backbones"]["found"]["macs"]["detection"] == 6000
    assert found["backbones"]["random"]["latency"]["detection"] == 2.5
    assert results.search == run.work_dir / "search"
    assert all(step.command.startswith("python ") for step in results.steps)


def test_what_measures_time_runs_alone(run_of, home):
    for name in ("train", "analyze"):
        tool = home / "tools" / f"{name}.py"
        note = (
            "def note(mark):\n    (home / 'times.txt').open('a').write(mark + ' ' + name + ' ' + words[-1] + chr(10))\n"
        )
        tool.write_text(tool.read_text() + "time.sleep(0.1)\nnote('end')\n")
        tool.write_text(tool.read_text().replace("if folder:", note + "note('begin')\nif folder:", 1))
    run = run_of(jobs=4, seeds=[0, 1])
    run.run(names(run))
    lines = (home / "times.txt").read_text().splitlines()
    open_steps, together = set(), 0
    for line in lines:
        mark, rest = line.split(" ", 1)
        open_steps.add(rest) if mark == "begin" else open_steps.discard(rest)
        together = max(together, len(open_steps))
        assert len(open_steps) == 1 or not any(one.startswith("analyze") for one in open_steps)
    assert together > 1 and sum("analyze" in line for line in lines) == 8


def test_nothing_runs_twice(run_of, calls):
    run = run_of()
    run.run(names(run))
    before = len(calls())
    again = run_of()
    assert set(states(again.run(names(again))).values()) == {"done"}
    assert len(calls()) == before and all("done before" in line for line in again.messages)


def later(run_of, calls, **changes):
    """Calls of a second run after changes."""
    before = len(calls())
    run = run_of(**changes)
    run.run(names(run))
    return [call[0] for call in calls()[before:]], run


def test_a_changed_task_runs_again_alone(run_of, calls, home):
    first = run_of()
    first.run(names(first))
    (home / "detector.py").write_text((home / "detector.py").read_text() + "changed = 1\n")
    again, run = later(run_of, calls)
    assert sorted(again) == ["analyze"] * 2 + ["test"] * 2 + ["train"] * 2
    assert (run.work_dir / "replaced" / "detection.found.0.train-1" / "best_mAP_epoch_2.pth").exists()
    assert any("results of other inputs are now in" in line for line in run.messages)
    assert not any("--resume" in call for call in calls())


def test_changed_data_and_another_found_cell(run_of, calls, home):
    first = run_of()
    first.run(names(first))
    (home / "data" / "a.txt").write_text("longer")
    again, _ = later(run_of, calls)
    assert "search" not in again and again.count("train") == 4
    # a search that found something else, which its inputs do not tell
    (first.work_dir / "search" / "genotype.json").write_text((home / "random.json").read_text())
    again, _ = later(run_of, calls)
    assert again.count("train") == 4 and "search" not in again


def test_a_moved_work_dir_stays_done(run_of, calls, home):
    first = run_of()
    first.run(names(first))
    first.work_dir.rename(home / "moved")
    again, _ = later(run_of, calls, work_dir=str(home / "moved"))
    assert again == []


def test_a_step_that_fails_stops_only_what_needs_it(run_of, calls, home):
    (home / "broken").write_text("classification/found/0/train")
    run = run_of()
    statuses = run.run(names(run))
    found = states(statuses)
    assert found["classification.found.0.train"] == "failed"
    assert found["classification.found.0.test"] == found["detection.found.0.train"] == "blocked"
    assert found["detection.random.0.test"] == found["detection.found.cost"] == "done"
    reason = statuses["classification.found.0.train"].reason
    assert reason == "train.py ended with exit code 1:\nabout to fail train\nthe disk is made of cheese"
    assert "it needs classification.found.0.train" in statuses["detection.found.0.train"].reason
    text = unfinished(statuses, names(run), "COMMAND")
    assert "classification.found.0.train and 3 more of 15 steps did not finish: train.py ended" in text
    assert text.endswith("to continue: COMMAND")
    assert "cheese" in (run.work_dir / "logs" / "classification.found.0.train.log").read_text()

    results = collect(run.plan, run.steps, statuses, run.launcher, "c")
    lost = next(one for one in results.scores if (one.task, one.backbone) == ("detection", "found"))
    assert lost.state == "blocked" and lost.value is None and not record(results)["complete"]

    (home / "broken").unlink()
    before = len(calls())
    again = run_of()
    assert set(states(again.run(names(again))).values()) == {"done"}
    later_calls = calls()[before:]
    assert [call[0] for call in later_calls] == ["train", "test", "train", "test"]
    assert "--resume" in later_calls[0] and not any("--resume" in call for call in later_calls[1:])


def test_a_tool_that_cannot_resume_starts_in_an_empty_folder(run_of, calls, home):
    """As convert_checkpoint.py, which refuses to replace what an interrupted try has written."""
    first = run_of()
    first.run(names(first))
    first.progress.entries["detection.found.0.test"].state = "started"
    first.progress.save()
    again, run = later(run_of, calls)
    assert again == ["test"]
    assert (run.work_dir / "replaced" / "detection.found.0.test-1" / "metrics.json").exists()
    assert any("results of an unfinished try" in line for line in run.messages)


def test_missing_data_of_one_task(run_of, home):
    (home / "detector.py").write_text(
        (home / "detector.py").read_text().replace(f"data_root='{home}/data'", "data_root='{{$VOC_ROOT:data/none}}'")
    )
    run = run_of()
    statuses = run.run(names(run))
    assert states(statuses)["classification.found.0.test"] == "done"
    status = statuses["detection.found.0.train"]
    assert status.state == "no data"
    assert status.reason == (
        "'data/none' does not exist; set VOC_ROOT to its folder, or see docs/detection.md for how to get it"
    )
    assert "detection.found.0.train" in unfinished(statuses, names(run), "c")


def test_missing_data_of_the_search_block_what_needs_its_cell(run_of, home):
    (home / "search.py").write_text("train_cfg = dict(evaluator=dict(data=dict(data_root='no/where')))\n")
    run = run_of(backbones=dict(found=dict(genotype="search"), darts=dict(genotype="darts_v2")))
    statuses = run.run(names(run))
    found = states(statuses)
    assert found["search"] == "no data" and "docs/search.md" in statuses["search"].reason
    assert found["classification.found.0.train"] == found["detection.found.0.test"] == "blocked"
    assert found["detection.darts.0.test"] == found["detection.darts.cost"] == "done"


def test_selected_steps_only(run_of, calls):
    run = run_of()
    statuses = run.run({"data.voc", "search"})
    assert [call[0] for call in calls()] == ["make_shapes", "search"]
    assert states(statuses)["random.0"] == "open" and unfinished(statuses, {"data.voc", "search"}, "c") == ""
    run = run_of()
    statuses = run.run({"detection.found.0.train"})
    assert states(statuses)["detection.found.0.train"] == "blocked" and len(calls()) == 2


def test_other_folders_are_left_alone(run_of, home):
    (home / "run").mkdir()
    (home / "run" / "thesis.tex").write_text("mine")
    with pytest.raises(UserError, match=r"not empty and not a pipeline's"):
        run_of()
    assert [file.name for file in (home / "run").iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    "content, message",
    [
        ("{", "the progress file .* is not JSON"),
        ("[]", "another version"),
        ('{"schema_version": 2, "steps": []}', "no object 'steps'"),
        ('{"schema_version": 2, "steps": {"search": {"state": "done"}}}', "invalid step 'search'"),
        (
            '{"schema_version": 2, "steps": {"a": {"state": "done", "digest": 1, "seconds": 1, "reason": ""}}}',
            "invalid step 'a'",
        ),
    ],
)
def test_damaged_progress(run_of, home, content, message):
    (home / "run").mkdir()
    (home / "run" / "pipeline.json").write_text(content)
    with pytest.raises(UserError, match=message):
        run_of()


def test_metrics_that_cannot_be_used(run_of):
    run = run_of()
    statuses = run.run(names(run))
    file = run.work_dir / "detection" / "found" / "0" / "test" / "metrics.json"
    file.write_text(json.dumps({"other": 1.0}))
    results = collect(run.plan, run.steps, statuses, run.launcher, "c")
    score = next(one for one in results.scores if (one.task, one.backbone) == ("detection", "found"))
    assert score.value is None and score.reason == "the evaluator gave no 'mAP'; it gave other"
    file.write_text('{"mAP": "much"}')
    with pytest.raises(UserError, match="no object of finite numbers"):
        collect(run.plan, run.steps, statuses, run.launcher, "c")


SLEEPER = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.kill
def test_a_stopped_process_leaves_no_children(usual_signals, tmp_path):
    processes, result = Processes(), []
    log = tmp_path / "log"

    def call():
        result.append(processes.call("x", [sys.executable, "-c", SLEEPER], dict(os.environ), log))

    thread = threading.Thread(target=call)
    thread.start()
    while not (log.exists() and (lines := log.read_text().splitlines()) and lines[-1].isdecimal()):
        time.sleep(0.05)
    child = int(lines[-1])
    processes.stop()
    thread.join(30)
    assert not thread.is_alive() and result[0][0] != 0
    for _ in range(100):
        if not _alive(child):
            break
        time.sleep(0.05)
    assert not _alive(child)


def _alive(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


@pytest.mark.kill
@pytest.mark.slow
@pytest.mark.parametrize("signum, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_pipeline_stops_its_tool_and_continues(usual_signals, home, plan_of, signum, code):
    """By the command line: the search is a script that waits until it is interrupted."""
    slow = "import time\n(folder / 'waiting').touch()\nwhile (home / 'slow').exists(): time.sleep(0.05)\n"
    search = home / "tools" / "search.py"
    search.write_text(search.read_text().replace("import shutil;", slow + "import shutil;"))
    (home / "slow").touch()
    config = home / "pipeline.py"
    config.write_text(
        f"work_dir = {str(home / 'run')!r}\nsearch = dict(config={str(home / 'search.py')!r})\n"
        f"tasks = dict(detection=dict(config={str(home / 'detector.py')!r}, metric='mAP'))\n"
        "backbones = dict(found=dict(genotype='search'))\n"
    )
    program = (
        "import pathlib, sys; import relnas_mm.cli.pipeline as command; "
        f"command.home = lambda: pathlib.Path({str(home)!r}); sys.argv[0] = 'pipeline'; command.main()"
    )
    words = [sys.executable, "-c", program, str(config)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    first = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True)
    while not (home / "run" / "search" / "waiting").exists():
        assert first.poll() is None
        time.sleep(0.05)
    first.send_signal(signum)
    _, error = first.communicate(timeout=60)
    assert first.returncode == code and "to continue: python tools/pipeline.py" in error
    progress = json.loads((home / "run" / "pipeline.json").read_text())
    assert progress["steps"]["search"]["state"] == "started"

    (home / "slow").unlink()
    second = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120)
    assert second.returncode == 0, second.stderr
    assert (home / "run" / "report.html").exists()
