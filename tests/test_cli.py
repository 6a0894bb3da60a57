"""`relnas-mm`: every command is there, explains itself by examples, and refuses bad input in one sentence."""

import importlib
import re
import subprocess
import sys

import pytest
from helpers import ROOT, run_tool
from mmengine.config import Config

from relnas_mm.cli.completion import SHELLS, whole_parser
from relnas_mm.cli.main import COMMANDS, usage
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.launch import read_config
from relnas_mm.packaged import config_name, config_path, home

pytestmark = pytest.mark.mm

PROMISED = ["search", "train", "test", "pipeline", "transfer", "compare", "analyze", "export"]
PROMISED += ["check-data", "browse", "draw", "convert", "run", "compat", "doctor"]


def relnas_mm(*words):
    return run_tool("relnas_mm/__main__.py", *words)


def test_all_commands_are_listed():
    assert set(PROMISED) <= set(COMMANDS)
    done = relnas_mm("--help")
    assert done.returncode == 0 and done.stdout.strip() == usage()
    assert all(re.search(rf"^  {name} ", usage(), re.MULTILINE) for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_examples(name, monkeypatch):
    monkeypatch.setattr("sys.argv", [f"relnas-mm {name}"])
    text = importlib.import_module(COMMANDS[name][0]).parser().format_help()
    assert f"usage: relnas-mm {name} " in text and f"examples:\n  relnas-mm {name}" in text


def test_help_of_a_command():
    done = relnas_mm("train", "--help")
    assert done.returncode == 0 and "usage: relnas-mm train " in done.stdout, done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "tools").glob("*.py")), ids=lambda path: path.stem)
def test_a_tool_is_a_command(path):
    """All but the one that writes the documentation of this repository."""
    if path.stem != "update_docs":
        (module,) = re.findall(r"^from (relnas_mm[\w.]+) import main$", path.read_text(), re.MULTILINE)
        assert module in {module for module, _ in COMMANDS.values()}
        assert callable(importlib.import_module(module).main)


@pytest.mark.unit
def test_help_is_quick_because_it_imports_nothing():
    code = """
import sys
sys.argv = ["relnas-mm", "--help"]
try:
    import relnas_mm.__main__
except SystemExit:
    assert not {"torch", "numpy", "mmengine"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)


def test_unknown_commands_and_versions():
    done = relnas_mm("sarch", "x.py")
    assert done.returncode == 2 and "relnas-mm has no command 'sarch'; it has search, train, " in done.stderr
    assert relnas_mm().returncode == 2
    assert re.fullmatch(r"relnas_mm \d+\.\d+\.\d+\S*", relnas_mm("--version").stdout.strip())


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_knows_all_commands(shell):
    pytest.importorskip("shtab", reason="shtab is not installed")
    done = relnas_mm("completion", shell)
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in COMMANDS)


def test_one_parser_takes_what_the_commands_take():
    args = whole_parser().parse_args(["train", "a.py", "--work-dir", "b", "--cfg-options", "x=1"])
    assert (args.command, args.config, args.work_dir, args.cfg_options) == ("train", "a.py", "b", {"x": 1})


def test_configs_of_packages():
    path = config_path("relnas_mm::ssd/ssd300_relativenas_120e_voc0712.py")
    assert path == str(home() / "configs/ssd/ssd300_relativenas_120e_voc0712.py")
    assert config_path("mmdet::ssd/ssd300_coco.py").endswith("mmdet/.mim/configs/ssd/ssd300_coco.py")
    assert config_path("a/b.py") == "a/b.py"
    assert config_name("relnas_mm::x.py") == config_name("a/x.py") == "x"


BAD = {
    "relnas_mm::ssd/none.py": r"'relnas_mm::ssd/none\.py' does not exist: '.*configs' has no file 'ssd/none\.py'",
    "relnas_mm::ssd": "has no file 'ssd'",
    "nothing_here::x.py": "is of the package 'nothing_here', which is not installed",
    "../x::y.py": r"is of the package '\.\./x', which is not installed",
}


@pytest.mark.parametrize("name", BAD)
def test_a_config_that_no_package_has(name):
    with pytest.raises(UserError, match=BAD[name]):
        config_path(name)
    done = relnas_mm("train", name)
    assert done.returncode == 2 and "Traceback" not in done.stderr


def test_a_printed_config_is_complete(tmp_path):
    name = "relnas_mm::ssd/ssd160_relativenas-c16l6_4e_shapes-voc.py"
    out = tmp_path / "whole.py"
    done = relnas_mm("print-config", name, "--out", out, "--cfg-options", "model.backbone.num_cells=7")
    assert done.returncode == 0, done.stderr
    expected = read_config(name)
    expected.model.backbone.num_cells = 7
    assert Config.fromfile(out).to_dict() == expected.to_dict()
    assert "num_cells=6" in relnas_mm("print-config", name).stdout
    done = relnas_mm("print-config", name, "--out", tmp_path / "whole.json")
    assert done.returncode == 2 and "it must end with .py" in done.stderr


def test_the_command_of_a_record_names_no_folder(monkeypatch):
    from relnas_mm.cli import pipeline

    words = ["pipeline", "c.py", "--work-dir", "/a/folder", "--record", "r.json", "--jobs", "2"]
    monkeypatch.setattr(sys, "argv", words)
    assert pipeline._command("--record", "--work-dir") == "python tools/pipeline.py c.py --jobs 2"
    assert pipeline._command("--record") == "python tools/pipeline.py c.py --work-dir /a/folder --jobs 2"


def test_an_interruption_is_one_word(capsys):
    @reports_user_errors
    def main():
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 130 and capsys.readouterr().err == "interrupted\n"
