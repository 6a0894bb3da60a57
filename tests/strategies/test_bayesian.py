"""Slow-fast learning with a Gaussian process as referee."""

import numpy as np
import pytest
from helpers.strategies import run_strategy

from relnas_mm.errors import UserError
from relnas_mm.spaces import CellSpace, MacroMicroSpace, NASBench201Space
from relnas_mm.strategies import BayesianSlowFastLearning, RandomSearch

pytestmark = pytest.mark.unit


def convolutions(candidate):
    """Lowest for 3x3 convolutions everywhere."""
    return 6.0 - sum(name == "nor_conv_3x3" for name in candidate.architecture.operations)


def test_it_finds_what_random_search_does_not():
    space, best = NASBench201Space(), []
    for maker in (BayesianSlowFastLearning, RandomSearch):
        found = []
        for seed in range(3):
            strategy = maker(space, 60, seed=seed)
            run_strategy(strategy, convolutions)
            found.append(strategy.best.loss)
        best.append(found)
    assert max(best[0]) == 0.0 < min(best[1])


def test_nothing_is_scored_twice():
    space = NASBench201Space()
    strategy = BayesianSlowFastLearning(space, 80, samples=10)
    run_strategy(strategy, convolutions)
    assert len({space.decode(vector) for vector in strategy.vectors}) == 80


def test_a_lesson_copies_the_fast_learner():
    space = CellSpace()
    fast, slow = space.sample(np.random.default_rng(0), 2)
    for copy_rate, teacher in ((1.0, fast), (0.0, slow)):
        strategy = BayesianSlowFastLearning(space, 50, copy_rate=copy_rate, lesson_rate=1.0)
        lessons = [strategy._lesson(fast, slow, np.random.default_rng(seed)) for seed in range(200)]
        changed = np.mean([lesson != teacher for lesson in lessons])
        assert changed == pytest.approx(1 / 32, abs=0.01)  # mutations: one choice of 32 in the mean


def test_rounds_grow_with_what_is_known():
    strategy = BayesianSlowFastLearning(NASBench201Space(), 400, batch=5)
    assert [strategy._batch_of(known) for known in (20, 100, 200, 400)] == [5, 5, 10, 20]


def test_the_referee_may_be_left_out():
    space = NASBench201Space()
    logs = [
        run_strategy(BayesianSlowFastLearning(space, 40, referee=referee), convolutions) for referee in (True, False)
    ]
    assert logs[0][:20] == logs[1][:20] and logs[0] != logs[1]


def test_a_budget_is_kept():
    space = NASBench201Space()
    strategy = BayesianSlowFastLearning(space, 60, feasible=lambda cell: "none" not in cell)
    run_strategy(strategy, convolutions)
    assert all("none" not in space.decode(vector) for vector in strategy.vectors)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"samples": 1}, "samples of BayesianSlowFastLearning is 1; it must be at least 2"),
        ({"population_size": 1}, "population_size of BayesianSlowFastLearning is 1; it must be at least 2"),
        ({"batch": 0}, "batch of BayesianSlowFastLearning is 0; it must be at least 1"),
        ({"proposals": 4}, "proposals of BayesianSlowFastLearning is 4 and batch 5; required: batch <= proposals"),
        ({"copy_rate": 1.5}, "copy_rate of BayesianSlowFastLearning is 1.5; it must be from 0 to 1"),
        ({"objectives": 2}, "objectives of BayesianSlowFastLearning is 2; it supports 1 only"),
    ],
)
def test_bad_arguments_are_named(change, message):
    with pytest.raises(UserError, match=message):
        BayesianSlowFastLearning(NASBench201Space(), 50, **change)


def test_a_space_without_an_encoding():
    with pytest.raises(UserError, match="there is no encoding 'flow' of MacroMicroSpace"):
        BayesianSlowFastLearning(MacroMicroSpace(), 50)
