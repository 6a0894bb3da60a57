"""The command line, as a user would call it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from helpers import ROOT, run_tool, write_cifar10

from relnas_mm.architectures import load_genotype

pytestmark = [pytest.mark.e2e, pytest.mark.mm]
QUICK = "configs/search/relativenas_shapes_quick.py"
TINY = (
    "train_cfg.strategy.population_size=4",
    "train_cfg.strategy.generations=2",
    "train_cfg.evaluator.network.init_channels=2",
    "train_cfg.evaluator.network.num_cells=3",
    "train_cfg.evaluator.data.limit=100",
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_cifar10(tmp_path_factory.mktemp("cifar"))


def command(config, work_dir, *options, flags=()):
    arguments = [sys.executable, "tools/search.py", config, "--work-dir", str(work_dir), *flags]
    return [*arguments, "--cfg-options", *options] if options else arguments


def run(*arguments, **keywords):
    return run_tool(*command(*arguments, **keywords)[1:])


def test_a_search_is_terminated_and_continued_with_another_config(data, tmp_path):
    options = [*TINY, f"train_cfg.evaluator.data.data_root={data}"]
    slow = [*options, "train_cfg.strategy.generations=200"]
    process = subprocess.Popen(
        command(QUICK, tmp_path, *slow), cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 200
    while not (tmp_path / "records.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 143
    assert list((tmp_path / "run_store").glob("step-*"))

    forced = run(QUICK, tmp_path, *options, "train_cfg.budget.max_params=1e9", flags=["--resume", "--force"])
    assert forced.returncode == 0, forced.stderr[-2000:]
    document = json.loads((tmp_path / "genotype.json").read_text())
    assert document["meta"]["strategy"] == "SlowFastLearning" and document["meta"]["params"] > 0
    load_genotype(tmp_path / "genotype.json")
    for name in ("cells.svg", "cells.png", "search_curve.png", "replay.html", "records.jsonl"):
        assert (tmp_path / name).stat().st_size > 100
    assert "the search resumes after" in forced.stdout + forced.stderr
    assert "eta" in forced.stdout + forced.stderr
    refused = run(QUICK, tmp_path, *options)
    assert refused.returncode == 2 and "Traceback" not in refused.stderr
    assert refused.stderr.splitlines()[-1].startswith("error: the work_dir") and "--resume" in refused.stderr


def test_a_loop_that_has_no_such_setting_says_so_before_it_writes(tmp_path):
    refused = run(QUICK, tmp_path / "new", "train_cfg.max_generations=2")
    assert refused.returncode == 2 and "Traceback" not in refused.stderr
    says = refused.stderr.splitlines()[-1]
    assert says.startswith("error: train_cfg of type SearchLoop does not take ['max_generations']; it takes ['budget',")
    assert not (tmp_path / "new").exists()
