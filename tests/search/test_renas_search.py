"""ReNAS and the referee with shared weights, stopped on the way and continued."""

import pytest
from helpers import write_cifar10
from helpers.searches import evaluator_config, make_search, outcome

pytestmark = pytest.mark.unit

QUICK = {"base": "improved", "epochs": 20, "most_steps": 20, "members": 2, "hidden": 16}
STRATEGIES = {
    "renas": {
        "type": "ReNAS",
        "queries": 12,
        "samples": 6,
        "top_k": 3,
        "predictor": QUICK,
        "calls": 12,
        "detrend": True,
    },
    "referee": {
        "type": "RefereedLearning",
        "population_size": 4,
        "generations": 6,
        "warmup": 4,
        "retrain": 4,
        "duels": 2,
        "confidence": 0.55,
        "predictor": QUICK,
        "detrend": True,
    },
}


class Stopped(Exception):
    pass


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory):
    return evaluator_config(write_cifar10(tmp_path_factory.mktemp("cifar"), 4))


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_search_that_is_stopped_ends_as_if_it_had_not_been(name, evaluator, tmp_path):
    options = {"strategy": STRATEGIES[name]}
    whole = make_search(tmp_path / "whole", evaluator, **options)
    whole.run()
    begun = make_search(tmp_path / "begun", evaluator, **options)
    rounds, run_round = [], begun.run_round

    def counted():
        if len(rounds) == 3:
            raise Stopped
        rounds.append(run_round())

    begun.run_round = counted
    with pytest.raises(Stopped):
        begun.run()
    make_search(tmp_path / "begun", evaluator, resume=True, **options).run()
    assert outcome(tmp_path / "begun") == outcome(tmp_path / "whole")
    assert 3 < whole.progress.done <= whole.progress.total
