"""The command line, as a user would call it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cifar_files import write_cifar10

from relnas_mm.genotype import load_genotype

pytestmark = [pytest.mark.e2e, pytest.mark.mm]
ROOT = Path(__file__).resolve().parents[2]
QUICK = "configs/search/relativenas_shapes_quick.py"
TINY = (
    "train_cfg.strategy.population=4",
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
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command(*arguments, **keywords), cwd=ROOT, capture_output=True, text=True, timeout=300, env=environment
    )


def test_a_search_is_terminated_resumed_and_guarded(data, tmp_path):
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

    again = run(QUICK, tmp_path, *slow)
    assert again.returncode == 2 and "holds a search already" in again.stderr and "Traceback" not in again.stderr
    other = run(QUICK, tmp_path, *options, flags=["--resume"])
    assert other.returncode == 2 and "train_cfg.strategy.generations: 200 -> 2" in other.stderr
    forced = run(QUICK, tmp_path, *options, "train_cfg.budget.max_params=1e9", flags=["--resume", "--force"])
    assert forced.returncode == 0, forced.stderr[-2000:]
    document = json.loads((tmp_path / "genotype.json").read_text())
    assert document["meta"]["strategy"] == "SlowFastLearning" and document["meta"]["params"] > 0
    load_genotype(tmp_path / "genotype.json")
    for name in ("cells.svg", "cells.png", "search_curve.png", "replay.html", "records.jsonl"):
        assert (tmp_path / name).stat().st_size > 100
    assert "the search continues after" in forced.stdout + forced.stderr
    assert "eta" in forced.stdout + forced.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["train_cfg.evaluator.data.data_root=/nowhere"], "data folder '/nowhere'"),
        (["train_cfg.strategy.population=7"], "pairs need an even number"),
        (["train_cfg.strategy.type=Evolution"], "known are SlowFastLearning"),
        (["train_cfg.strategy.popluation=8"], "does not take ['popluation']"),
        (["randomness.seed=None"], "randomness.seed is None"),
    ],
)
def test_bad_input_is_one_sentence(options, says, tmp_path):
    result = run(QUICK, tmp_path / "work", *options)
    assert result.returncode == 2 and says in result.stderr and "Traceback" not in result.stderr
    assert not (tmp_path / "work" / "genotype.json").exists()


@pytest.mark.data
def test_relativenas_on_a_table_is_a_config(data_root, tmp_path):
    table = data_root / "tabular" / "combined" / "nasbench201_full.csv"
    result = run("configs/search/relativenas_nasbench201.py", tmp_path, f"train_cfg.evaluator.table={table}")
    assert result.returncode == 0, result.stderr[-2000:]
    records = (tmp_path / "records.jsonl").read_text().splitlines()
    assert len(records) == 1050
    assert json.loads((tmp_path / "architecture.json").read_text())["architecture"].startswith("|")


@pytest.mark.data
def test_a_search_on_real_images(data_root, tmp_path):
    script = data_root / "cifar10-mini" / "unpack_cifar10.py"
    subprocess.run([sys.executable, script, "--out", tmp_path / "data"], check=True, stdout=subprocess.DEVNULL)
    options = [*TINY[:4], "train_cfg.evaluator.data.limit=200", f"train_cfg.evaluator.data.data_root={tmp_path}/data"]
    result = run("configs/search/relativenas_cifar10-mini.py", tmp_path / "work", *options)
    assert result.returncode == 0, result.stderr[-2000:]
    load_genotype(tmp_path / "work" / "genotype.json")
