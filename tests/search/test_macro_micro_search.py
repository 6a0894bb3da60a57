"""The global search in the search: records, result, and going on after an interruption."""

import json
import os

import pytest
import torch
from helpers import ROOT, in_child, write_cifar10
from helpers.searches import make_search

from relnas_mm.architectures import load_chain
from relnas_mm.errors import UserError
from relnas_mm.launch import read_config
from relnas_mm.search.progress import Progress

pytestmark = [pytest.mark.mm]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """As in the child processes, whatever OMP_NUM_THREADS says: sums of several threads round differently."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """The settings of the reference implementation, made tiny."""
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
    search = make_search(tmp_path_factory.mktemp("whole"), **parts, overview=True)
    search.run()
    return search


def test_the_result_is_a_network_and_the_records_name_stages(whole):
    folder = whole.store.folder
    document = json.loads((folder / "chain.json").read_text())
    assert document["meta"]["strategy"] == "MacroMicroSearch" and document["kind"] == "chain"
    assert load_chain(folder / "chain.json") == whole.strategy.best.candidate.architecture
    candidates = whole.store.records.of_type("candidate")
    assert [line["stage"] for line in candidates] == sorted(
        (line["stage"] for line in candidates), key=["depth", "width", "operations", "kernels"].index
    )
    assert len(candidates) == whole.progress.total == whole.progress.done
    for line in candidates:
        assert load_chain(line["architecture"]).depth in (3, 4)
        assert line["loss"] == 100 - line["accuracy"] and 0 <= line["train_error"] <= 100
        assert line["epochs"] == (1 if line["stage"] in ("operations", "kernels") else line["epochs"])
    assert (folder / "search_curve.png").exists() and (folder / "replay.html").exists()


@pytest.mark.kill
@pytest.mark.parametrize("rounds", [1, 4, 9])
def test_an_interrupted_stage_goes_on_as_if_it_had_not_been(rounds, parts, whole, tmp_path):
    def begin():
        search = make_search(tmp_path, **parts)
        for _ in range(rounds):
            search.run_round()
        os._exit(9)

    assert in_child(begin) == 9
    search = make_search(tmp_path, **parts, resume=True)
    search.run()
    assert lines(tmp_path) == lines(whole.store.folder)
    assert search.strategy.best.candidate.architecture == whole.strategy.best.candidate.architecture


def test_an_end_is_foretold_from_the_work_that_is_left():
    progress = Progress(10)
    progress.advance(60.0, work=2.0)
    progress.expect(10, work_left=4.0)
    assert progress.eta == "0:02:00"
    progress.expect(3)
    assert progress.total == 3 and progress.eta == "0:01:00"


def test_what_does_not_go_together_is_refused(parts, tmp_path):
    evaluator = {**parts["evaluator"], "objective": "loss"}
    with pytest.raises(UserError, match="needs the objective 'error', but that of StandAloneEvaluator is"):
        make_search(tmp_path, **{**parts, "evaluator": evaluator})
    supernet = {"type": "SupernetEvaluator", "data": evaluator["data"]}
    with pytest.raises(UserError, match="SupernetEvaluator scores .* of kind genotype, nasbench201; .* are 'chain'"):
        make_search(tmp_path, **{**parts, "evaluator": supernet})


def test_a_budget_holds_for_chains(parts, tmp_path):
    search = make_search(tmp_path, **parts, budget=dict(max_params=900))
    search.run()
    candidates = search.store.records.of_type("candidate")
    assert candidates and max(line["params"] for line in candidates) <= 900
    free = make_search(tmp_path / "free", **parts, budget={})
    free.run()
    assert max(line["params"] for line in free.store.records.of_type("candidate")) > 900
    with pytest.raises(UserError, match="no network of 3 layers is within the budget"):
        make_search(tmp_path / "none", **parts, budget=dict(max_params=10))
