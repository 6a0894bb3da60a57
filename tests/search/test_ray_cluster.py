"""A Ray cluster of two workers: the results of one process, and workers that are lost."""

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.datasets import write_cifar10
from helpers.searches import make_search

from relnas_mm.errors import UserError
from relnas_mm.evaluators import Evaluation, Evaluator
from relnas_mm.search import SearchRun
from relnas_mm.search.ray_cluster import RayCluster, RayEvaluator
from relnas_mm.search.store import RunStore
from relnas_mm.spaces import CellSpace
from relnas_mm.strategies import RandomSearch, SlowFastLearning

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.e2e
starts_a_cluster = pytest.mark.slow
RANDOM = {"type": "RandomSearch", "queries": 4}


@pytest.fixture(scope="module", autouse=True)
def cluster():
    # workers cannot import a module of tests
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    ray.shutdown()


def records(folder: Path) -> list[dict]:
    """All that was recorded, without times."""
    lines = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


@starts_a_cluster
@pytest.mark.parametrize(
    "strategy", [RANDOM, {"type": "SlowFastLearning", "population_size": 4, "generations": 1}], ids=lambda s: s["type"]
)
def test_the_results_are_those_of_one_process(tmp_path, strategy):
    evaluator = {
        "type": "StandAloneEvaluator",
        "data": {"type": "cifar10", "data_root": str(write_cifar10(tmp_path / "cifar", 4))},
        "network": {"init_channels": 2, "num_cells": 3},
        "training": {"batch_size": 8},
    }
    make_search(tmp_path / "one", evaluator, strategy=strategy).run()
    make_search(tmp_path / "ray", evaluator, strategy=strategy, cluster={"workers": 2}).run()
    assert records(tmp_path / "ray") == records(tmp_path / "one")
    assert (tmp_path / "ray" / "genotype.json").is_file()


class Mortal(Evaluator):
    """Scores by the number of the candidate; its process dies at some candidates, a number of times."""

    independent = True

    def __init__(self, folder: Path, dies_at: int = -1, times: int = 1, device="cpu"):
        self.folder, self.dies_at, self.times = folder, dies_at, times

    def evaluate(self, groups, upcoming=()):
        return [[self._score(one) for one in group.candidates] for group in groups]

    def _score(self, candidate):
        deaths = len(list(self.folder.glob("death*")))
        if candidate.number == self.dies_at and deaths < self.times:
            (self.folder / f"death{deaths}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if candidate.number == 99:
            raise UserError("number 99 is not allowed")
        return Evaluation(float((candidate.number * 7) % 5), {})


def searched(folder: Path, **options) -> SearchRun:
    def build(device="cpu"):
        return Mortal(folder, **options)

    space = CellSpace()
    evaluator = RayEvaluator(build(), build, RayCluster())
    strategy = RandomSearch(space, 6, generation_size=6)
    search = SearchRun(space, strategy, evaluator, RunStore(folder / "run"))
    search.overview = False
    return search


@starts_a_cluster
def test_the_candidate_of_a_lost_worker_is_scored_again(tmp_path):
    search = searched(tmp_path, dies_at=2)
    search.run()
    assert len(list(tmp_path.glob("death*"))) == 1
    assert search.strategy.losses.tolist() == [float((number * 7) % 5) for number in range(6)]


@starts_a_cluster
def test_a_candidate_that_loses_every_worker_ends_the_search(tmp_path):
    with pytest.raises(UserError, match="3 workers were lost with candidate 3 of generation 0"):
        searched(tmp_path, dies_at=3, times=9).run()


@starts_a_cluster
def test_what_a_user_can_mend_in_a_worker_is_said_in_one_sentence(tmp_path):
    space = CellSpace()
    evaluator = RayEvaluator(Mortal(tmp_path), lambda device: Mortal(tmp_path), RayCluster())
    (group,) = SlowFastLearning(space, 4, 1).ask_ahead(1)
    wrong = replace(group, candidates=tuple(replace(one, number=99) for one in group.candidates))
    with pytest.raises(UserError, match="^number 99 is not allowed$"):
        evaluator.evaluate([wrong])


def test_shared_weights_are_refused(tmp_path):
    class Sharing(Mortal):
        independent = False

    with pytest.raises(UserError, match="Sharing shares weights between candidates"):
        RayEvaluator(Sharing(tmp_path), lambda device: None, RayCluster())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(workers=0), "workers of the cluster is 0"),
        (dict(cpus_per_worker=1.5), "cpus_per_worker of the cluster is 1.5"),
        (dict(gpus_per_worker=-1), "gpus_per_worker of the cluster is -1"),
    ],
)
def test_settings_out_of_range_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        RayCluster(**options)


def test_an_address_without_cluster_is_refused():
    if ray.is_initialized():
        ray.shutdown()
    with pytest.raises(UserError, match="there is no Ray cluster at address '127.0.0.1:9'"):
        RayCluster(address="127.0.0.1:9").connect()


def test_without_ray_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'relnas_mm\[ray\]'"):
        RayCluster()
