"""Output paths are checked before the work; JSON is valid whatever the figures are."""

import json
import math
import os
import subprocess
import sys

import pytest

from relnas_mm.errors import UserError
from relnas_mm.files import json_text, write_json
from relnas_mm.outputs import draft_of, output_file, output_folder, reserved

pytestmark = pytest.mark.unit
READ_ONLY = "/proc/relnas"  # nobody may create anything there, not even root


def test_missing_folders_are_made_and_nothing_is_left_in_them(tmp_path):
    path = tmp_path / "results" / "day 1" / "metrics.json"
    assert output_file(str(path), "--out") == path
    assert path.parent.is_dir() and list(path.parent.iterdir()) == []
    path.write_text("earlier")
    assert output_file(path, "--out").read_text() == "earlier" and list(path.parent.iterdir()) == [path]
    assert list(output_folder(tmp_path / "a" / "b", "--out").iterdir()) == []


def test_a_name_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert output_file("metrics.json", "--out").name == "metrics.json"


@pytest.mark.parametrize(
    "name, reason",
    [
        ("", "is a folder; name a file"),
        ("{folder}", "is a folder; name a file"),
        ("{folder}/new.json/", "is a folder; name a file"),
        ("{folder}/new/.", "is a folder; name a file"),
        ("{folder}/file/x.json", "cannot be written: .*; name a file in a writable folder"),
        ("{folder}/" + 300 * "x", "cannot be written: File name too long"),
        ("{folder}/" + 250 * "x", "cannot be written: File name too long"),  # with the name of the scratch file
        ("/dev/null", "is no regular file; name a file"),
        (f"{READ_ONLY}/x.json", "cannot be written: "),
    ],
)
def test_files_that_cannot_be_written(name, reason, tmp_path):
    (tmp_path / "file").write_text("mine")
    text = name.format(folder=tmp_path)
    with pytest.raises(UserError, match=f"^--out '{text}' {reason}"):
        output_file(text, "--out")
    assert os.listdir(tmp_path) == ["file"] and (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    "name, reason",
    [("file", "is a file; name a folder"), ("file/x", "cannot be written: "), (READ_ONLY, "cannot be written: ")],
)
def test_folders_that_cannot_be_written(name, reason, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match=f"^--show-dir '.*{name}' {reason}"):
        output_folder(tmp_path / name, "--show-dir")
    assert os.listdir(tmp_path) == ["file"] and (tmp_path / "file").read_text() == "mine"


def test_numbers_that_json_lacks_are_null(tmp_path):
    document = {"a": math.nan, "b": [1.5, -math.inf, (math.inf, "NaN")], "c": {"d": 0.0}}
    write_json(tmp_path / "new" / "x.json", document, "the file")
    assert json.loads((tmp_path / "new" / "x.json").read_text()) == {
        "a": None,
        "b": [1.5, None, [None, "NaN"]],
        "c": {"d": 0.0},
    }
    assert json_text([1], indent=1) == "[\n 1\n]\n"
    with pytest.raises(TypeError):
        json_text({"a": object()})


@pytest.mark.mm
def test_metrics_without_a_value_are_named(tmp_path, capsys):
    from relnas_mm.cli.test import write_metrics

    write_metrics({"mAP": math.nan, "loss": 0.5}, tmp_path / "metrics.json")
    assert json.loads((tmp_path / "metrics.json").read_text()) == {"mAP": None, "loss": 0.5}
    assert capsys.readouterr().err == f"warning: mAP without a finite value: null in {tmp_path}/metrics.json\n"


HOLDER = """import sys
from relnas_mm.outputs import reserved
with reserved(sys.argv[1]):
    print("reserved", flush=True)
    input()
"""


def test_a_reserved_folder_is_refused_to_another_process(tmp_path, monkeypatch):
    monkeypatch.setattr("relnas_mm.outputs.PATIENCE", 0.1)
    command, pipe = [sys.executable, "-c", HOLDER, str(tmp_path)], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:
        process.stdout.readline()
        reason = r"^the work_dir '.*' is in use by another process; wait for it, stop it, or choose another folder$"
        with pytest.raises(UserError, match=reason), reserved(tmp_path):
            pass
        process.kill()
    with reserved(tmp_path), reserved(tmp_path):  # the killed one has released it; one process may ask twice
        pass


def test_a_draft_is_removed_with_those_of_processes_that_died(tmp_path):
    code = (
        "import os, pathlib, sys, time; from relnas_mm.outputs import draft_of\n"
        "with draft_of(pathlib.Path(sys.argv[1])) as draft:\n"
        "    (draft / 'half').touch(); print(draft, flush=True); time.sleep(60)"
    )
    folder = tmp_path / "voc[1]"
    words = [sys.executable, "-c", code, str(folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as other:
        left = other.stdout.readline().strip()
        with draft_of(folder) as draft:
            assert os.path.exists(left) and str(draft) != left  # its process lives
        assert not draft.exists()
        other.kill()
    assert os.path.exists(left)
    with draft_of(folder):
        assert not os.path.exists(left)
    assert list(tmp_path.iterdir()) == []
