"""The global search in the loop: records, result, and going on after an interruption."""

import json
import os
from pathlib import Path

import pytest
from cifar_files import write_cifar10
from forks import in_child
from harness import PlainLoop, make_loop

from relnas_mm.architectures import load_chain
from relnas_mm.errors import UserError
from relnas_mm.launch import read_config
from relnas_mm.search import SearchLoop
from relnas_mm.search.progress import Progress

pytestmark = [pytest.mark.mm]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """The released settings, made tiny."""
    config = read_config(str(ROOT / "configs/search/macro-micro_cifar10.py")).train_cfg.to_dict()
    config["space"] |= dict(min_depth=3, max_depth=4, min_width=2, max_width=4)
    config["strategy"]["rules"] |= dict(first_epochs=1, width_epochs=0, micro_epochs=1, slack=50)
    data_root = write_cifar10(tmp_path_factory.mktemp("cifar"), 10)
    config["evaluator"] |= dict(data=dict(type="cifar10", data_root=str(data_root)), train_portion=0.5)
    config["evaluator"]["training"] |= dict(batch_size=8, lr=0.1)
    del config["type"]
    return config


def lines(folder):
    """The records, without times."""
    records = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in records]


@pytest.fixture(scope="module")
def whole(parts, tmp_path_factory):
    """A search that nobody disturbed."""
    loop = make_loop(tmp_path_factory.mktemp("whole"), **parts)
    loop._write_results = SearchLoop._write_results.__get__(loop)
    loop.run()
    return loop


def test_the_result_is_a_network_and_the_records_name_stages(whole):
    folder = whole.work_dir
    document = json.loads((folder / "network.json").read_text())
    assert document["meta"]["strategy"] == "MacroMicroSearch" and document["kind"] == "chain"
    assert load_chain(folder / "network.json") == whole.strategy.best.candidate.architecture
    candidates = whole.records.of_type("candidate")
    assert [line["stage"] for line in candidates] == sorted(
        (line["stage"] for line in candidates), key=["depth", "width", "operations", "kernels"].index
    )
    assert len(candidates) == whole.max_iters == whole.iter
    for line in candidates:
        assert load_chain(line["architecture"]).depth in (3, 4)
        assert line["loss"] == 100 - line["accuracy"] and 0 <= line["train_error"] <= 100
        assert line["epochs"] == (1 if line["stage"] in ("operations", "kernels") else line["epochs"])
    assert (folder / "search_curve.png").exists() and (folder / "replay.html").exists()


@pytest.mark.kill
@pytest.mark.parametrize("rounds", [1, 4, 9])
def test_an_interrupted_stage_goes_on_as_if_it_had_not_been(rounds, parts, whole, tmp_path):
    class Dying(PlainLoop):
        def _run_round(self):
            if self.iter == rounds:
                os._exit(9)
            super()._run_round()

    def begin():
        loop = make_loop(tmp_path, **parts)
        loop.__class__ = Dying
        loop.run()

    assert in_child(begin) == 9
    loop = make_loop(tmp_path, **parts, resume=True)
    loop._write_results = lambda: None
    loop.run()
    assert lines(tmp_path) == lines(whole.work_dir)
    assert loop.strategy.best.candidate.architecture == whole.strategy.best.candidate.architecture


def test_an_end_is_foretold_from_the_work_that_is_left():
    progress = Progress(10)
    progress.advance(60.0, work=2.0)
    progress.expect(10, work_left=4.0)
    assert progress.eta == "0:02:00"
    progress.expect(3)
    assert progress.groups_total == 3 and progress.eta == "0:01:00"


def test_what_does_not_go_together_is_refused(parts, tmp_path):
    with pytest.raises(UserError, match="compares errors in percent, but StandAloneEvaluator has the criterion 'loss'"):
        make_loop(tmp_path, **{**parts, "evaluator": {**parts["evaluator"], "criterion": "loss"}})
    loop = make_loop(tmp_path, **parts, budget=dict(max_params=1e6))
    with pytest.raises(UserError, match="counts what cells cost, not 3x4; .*MacroMicroSpace has max_params"):
        loop.run()
