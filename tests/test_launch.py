"""Checks that tools make before anything is written."""

import argparse

import pytest
from mmengine.config import Config

from relnas_mm.checks import check_before_running
from relnas_mm.cli.parser import runner_parser
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.launch import load_config, read_config
from relnas_mm.outputs import output_folder

pytestmark = pytest.mark.mm


def arguments(*words: str) -> argparse.Namespace:
    return runner_parser("a tool").parse_args(words)


@pytest.fixture
def config_file(tmp_path):
    path = tmp_path / "small.py"
    path.write_text("a = dict(b=1)\ndata_root = 'x'\n")
    return str(path)


def test_options_and_work_dir(config_file):
    config = load_config(arguments(config_file, "--cfg-options", "a.b=2", "c=[1,2]"))
    assert config.a.b == 2 and config.c == [1, 2] and config.work_dir == "work_dirs/small"
    assert load_config(arguments(config_file, "--work-dir", "here")).work_dir == "here"


def test_configs_that_cannot_be_read(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        read_config(str(tmp_path / "no.py"))
    broken = tmp_path / "broken.py"
    broken.write_text("a = (\n")
    with pytest.raises(UserError, match=r"broken\.py.*SyntaxError"):
        read_config(str(broken))
    broken.write_text("_base_ = 'nowhere.py'\n")
    with pytest.raises(UserError, match=r"broken\.py.*nowhere\.py"):
        read_config(str(broken))


def test_options_that_do_not_fit(config_file):
    with pytest.raises(UserError, match=r"--cfg-options .*data_root\.deep"):
        load_config(arguments(config_file, "--cfg-options", "data_root.deep=1"))


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5, "'7'", "True"])
def test_seeds_out_of_range(seed, config_file):
    with pytest.raises(UserError, match=r"^randomness\.seed is .*; it must be an integer from 0 to 4294967295$"):
        load_config(arguments(config_file, "--cfg-options", f"randomness.seed={seed}"))
    with pytest.raises(UserError, match=r"^randomness is 5; it must be a mapping"):
        load_config(arguments(config_file, "--cfg-options", "randomness=5"))


@pytest.mark.parametrize("seed", [0, 2**32 - 1, None])
def test_seeds_in_range(seed, config_file):
    assert load_config(arguments(config_file, "--cfg-options", f"randomness.seed={seed}")).randomness.seed == seed


@pytest.mark.parametrize("wrap", ["{}", "dict(dataset={})", "dict(datasets=[{}])", "dict(dataset=dict(dataset={}))"])
def test_missing_data_is_named_through_wrappers(wrap, tmp_path):
    (tmp_path / "data").mkdir()
    inner = f"dict(data_root='{tmp_path}/data', ann_file='list.txt')"
    config = Config.fromstring(f"loader = dict(dataset={wrap.format(inner)})\nwork_dir = '{tmp_path}/w'", ".py")
    with pytest.raises(UserError, match=r"data/list\.txt' \(loader\) does not exist"):
        check_before_running(config, ("loader",))
    (tmp_path / "data" / "list.txt").touch()
    check_before_running(config, ("loader", "not_there"))
    gone = Config.fromstring(f"loader = dict(dataset=dict(data_root='no/where'))\nwork_dir = '{tmp_path}/v'", ".py")
    with pytest.raises(UserError, match=r"the data folder 'no/where' \(loader\)"):
        check_before_running(gone, ("loader",))
    assert not (tmp_path / "v").exists()


def test_work_dir_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match=r"the work_dir '.*file/run' cannot be written"):
        output_folder(tmp_path / "file" / "run", "the work_dir")
    assert (tmp_path / "file").read_text() == "mine"
    assert list(output_folder(tmp_path / "new" / "run", "the work_dir").iterdir()) == []


def test_user_errors_end_a_tool_without_a_traceback(capsys):
    @reports_user_errors
    def fails():
        raise UserError("the value 3 is bad")

    @reports_user_errors
    def works():
        return None

    with pytest.raises(SystemExit) as ended:
        fails()
    assert ended.value.code == 2 and capsys.readouterr().err == "error: the value 3 is bad\n"
    with pytest.raises(SystemExit) as ended:
        works()
    assert not ended.value.code
