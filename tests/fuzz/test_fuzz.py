"""Every reader accepts a damaged file or refuses it in one sentence; seeds and what fuzzing found are the inputs."""

import json
import random
import subprocess
import sys

import pytest
from helpers import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import fuzz_parsers
import fuzz_targets

pytestmark = pytest.mark.mm


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # sizes that no pixels follow
@pytest.mark.parametrize("target", fuzz_targets.TARGETS)
def test_seeds_and_some_mutations(target, tmp_path):
    outcomes = fuzz_parsers.Outcomes(target, tmp_path / "file", tmp_path / "log.json", tmp_path / "failures")
    seeds = fuzz_parsers.seeds_of(target)
    for content in seeds:
        outcomes(content)
    for number in range(60):
        outcomes(fuzz_parsers.mutated(seeds, random.Random(f"1/{target}/{number}")))
    assert not outcomes.kinds
    assert set(outcomes.counts) <= {"accepted", "refused"} and sum(outcomes.counts.values()) == len(seeds) + 60


@pytest.mark.slow
def test_the_command_reports_what_it_finds(tmp_path):
    out = tmp_path / "record.json"
    command = [
        sys.executable,
        "benchmarks/fuzz_parsers.py",
        "--inputs",
        "400",
        "--engine",
        "mutation",
        "--out",
        str(out),
    ]
    command += ["--targets", "genotype", "voc_xml", "--failures", str(tmp_path / "failures")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(out.read_text())["targets"]
    assert list(rows) == ["genotype", "voc_xml"]
    assert all(row["inputs"] >= 200 and row["refused"] > 0 and row["accepted"] > 0 for row in rows.values())


def test_other_exceptions_are_found(tmp_path, monkeypatch):
    def faulty(path):
        raise KeyError("x")

    monkeypatch.setitem(fuzz_targets.TARGETS, "genotype", ("genotype.json", faulty))
    outcomes = fuzz_parsers.Outcomes("genotype", tmp_path, tmp_path / "log.json", tmp_path / "failures")
    outcomes(b"{}")
    assert outcomes.counts == {"other exceptions": 1} and len(list((tmp_path / "failures").iterdir())) == 1
