"""The command line of comparisons, and the configs that ship."""

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from comparison_plan import plan_values, write_table
from helpers import ROOT, run_tool

from relnas_mm.cfg_options import parse_option
from relnas_mm.cli.compare import command_of
from relnas_mm.comparison.plan import Unit, read_plan
from relnas_mm.comparison.trace import run_search
from relnas_mm.launch import read_config

CONFIGS = sorted((ROOT / "configs" / "compare").glob("*.py"))
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}


def command(*arguments):
    return [sys.executable, "tools/compare.py", *map(str, arguments)]


def run(*arguments):
    return run_tool(*command(*arguments)[1:])


@pytest.mark.e2e
@pytest.mark.mm
@pytest.mark.slow
def test_it_is_interrupted_and_goes_on(tmp_path):
    table = write_table(tmp_path / "table.csv")
    config = tmp_path / "tiny.py"
    config.write_text(f"comparison = {plan_values(table, seeds=4000)!r}\n")
    work = tmp_path / "work"
    process = subprocess.Popen(
        command(config, "--work-dir", work, "--workers", "2"), cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL
    )
    records = work / "tiny" / "records.jsonl"
    deadline = time.monotonic() + 150
    while not (records.exists() and records.stat().st_size > 2000) and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 143
    kept = len(records.read_text().splitlines())
    assert 0 < kept < 12000

    result = run(config, "--work-dir", work, "--seeds", 2, "--workers", 1, "--record", tmp_path / "kept")
    assert result.returncode == 0, result.stderr[-2000:]
    assert "a (40 candidates, 2 seeds, optimum 80.000)" in result.stdout
    summary = json.loads((tmp_path / "kept" / "compare_tiny.json").read_text())
    assert summary["command"] == f"python tools/compare.py {config} --seeds 2" and summary["seeds"] == [0, 1]
    refused = run(config, "--work-dir", work, "--cfg-options", "comparison.budget=0")
    assert refused.returncode == 2 and "Traceback" not in refused.stderr
    assert refused.stderr.splitlines()[-1].startswith("error: budget of the comparison 'made up' is 0")


@pytest.mark.mm
def test_the_command_of_a_report_can_be_pasted():
    options = {"comparison.table": "my table's.csv", "comparison.names": ["a b", "c, d"], "comparison.budget": 300}
    args = argparse.Namespace(seeds=None, cfg_options=options)
    words = shlex.split(command_of("my config.py", args))
    assert words[:4] == ["python", "tools/compare.py", "my config.py", "--cfg-options"]
    assert dict(map(parse_option, words[4:])) == options


@pytest.mark.data
@pytest.mark.mm
@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_configs_fit_their_tables(path, data_root, monkeypatch):
    monkeypatch.setenv("TABULAR_ROOT", str(data_root / "tabular"))
    plan = read_plan(read_config(str(path)), str(path))
    assert plan.seeds == 100
    task, short = next(iter(plan.tasks)), replace(plan, budget=150, checkpoints=())
    for strategy in plan.strategies:
        record = run_search(short, Unit(0, task, strategy))
        assert record["steps"][-1][0] <= short.budget and record["distinct"] > 10
