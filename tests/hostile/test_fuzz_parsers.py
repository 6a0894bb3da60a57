"""The harness that tries readers with mutated files: on all readers, and on readers that do what must not happen."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers import ROOT

from relnas_mm.errors import UserError

pytestmark = pytest.mark.mm
sys.path.insert(0, str(ROOT / "benchmarks"))


def test_readers_accept_or_refuse_mutated_files(tmp_path):
    command = [sys.executable, "benchmarks/fuzz_parsers.py", "--inputs", "680", "--out", tmp_path / "fuzz.json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "fuzz.json").read_text())
    assert sum(found["outcomes"].values()) == 680 and found["commit"] and not found["classes"]
    assert all(sum(counts.values()) == 20 for counts in found["readers"].values()) and len(found["readers"]) == 34
    assert found["outcomes"]["UserError"] > 300 and found["outcomes"]["accepted"] > 30


def bad_reader(content: bytes, folder: Path) -> None:
    kind = content[0] % 8
    if kind == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == 1:
        time.sleep(60)
    if kind == 2:
        raise KeyError("a\nb")
    if kind == 3:
        raise UserError("no")
    if kind == 4:
        bytearray(8 << 30)


def test_everything_else_is_found(monkeypatch):
    import fuzz_parsers
    from fuzz_readers import Reader

    class Numbered(Reader):
        def seeds(self):
            return [b"x"]

    monkeypatch.setattr(fuzz_parsers, "SECONDS", 0.5)
    monkeypatch.setattr(fuzz_parsers, "mutated", lambda seeds, kind, label: bytes([int(label.split("/")[-1])]))
    tally = fuzz_parsers.run(16, 0, [Numbered("bad", bad_reader)], 2)
    assert tally.counts["bad"] == {"death": 2, "timeout": 2, "other exception": 4, "UserError": 2, "accepted": 6}
    assert tally.classes == {"death": 2, "timeout": 2, "KeyError": 2, "MemoryError": 2}
    assert {example["input"] for example in tally.examples} == {0, 1, 2, 4, 8, 9, 10, 12}


def test_a_label_determines_a_mutation():
    from fuzz_mutations import mutated
    from fuzz_readers import READERS

    for reader in READERS:
        some = [mutated(reader.seeds(), reader.kind, f"0/{reader.name}/{k}") for k in range(20)]
        assert some == [mutated(reader.seeds(), reader.kind, f"0/{reader.name}/{k}") for k in range(20)]
        assert len(set(some)) > 10
