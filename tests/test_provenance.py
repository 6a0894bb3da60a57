"""Where a figure comes from: the commit, and whether the code differs from it."""

import subprocess

import pytest

from relnas_mm import provenance

pytestmark = pytest.mark.unit


def test_code_marks_a_commit_and_records_do_not(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "relnas_mm" / "provenance.py"))
    assert provenance.commit() == "unknown"
    for name in ("relnas_mm/a.py", "docs/results/a.json"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("1")
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    clean = provenance.commit()
    assert len(clean) == 12
    (tmp_path / "docs/results/a.json").write_text("2")
    assert provenance.commit() == clean
    (tmp_path / "relnas_mm/a.py").write_text("2")
    assert provenance.commit() == clean + "+"
