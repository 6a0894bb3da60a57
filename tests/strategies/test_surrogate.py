"""Strategies in which a surrogate model chooses: slow-fast learning with a Gaussian process, BANANAS and NPENAS."""

from collections import defaultdict

import numpy as np
import pytest
from helpers.strategies import run_strategy

from relnas_mm.errors import UserError
from relnas_mm.spaces import CellSpace, MacroMicroSpace, NASBench201Space
from relnas_mm.strategies import BANANAS, NPENAS, BayesianSlowFastLearning, RandomSearch
from relnas_mm.strategies.objectives import non_dominated

pytestmark = pytest.mark.unit
every_strategy = pytest.mark.parametrize("maker", [BayesianSlowFastLearning, BANANAS, NPENAS])


def convolutions(candidate):
    """Lowest for 3x3 convolutions everywhere."""
    return 6.0 - sum(name == "nor_conv_3x3" for name in candidate.architecture.operations)


@every_strategy
def test_it_finds_what_random_search_does_not(maker):
    space, best = NASBench201Space(), []
    for each in (maker, RandomSearch):
        found = []
        for seed in range(3):
            strategy = each(space, 100, seed=seed)
            run_strategy(strategy, convolutions)
            found.append(strategy.best.loss)
        best.append(found)
    assert max(best[0]) == 0.0 < min(best[1])


@every_strategy
def test_nothing_is_scored_twice(maker):
    space = NASBench201Space()
    strategy = maker(space, 80, samples=10)
    run_strategy(strategy, convolutions)
    assert len({space.decode(vector) for vector in strategy.vectors}) == 80


@every_strategy
def test_losses_that_are_equal_or_infinite(maker):
    for other in (1.0, float("inf")):
        losses = defaultdict(lambda value=other: value, none=1.0)
        strategy = maker(NASBench201Space(), 40)
        run_strategy(strategy, lambda candidate, losses=losses: losses[candidate.architecture.operations[0]])
        assert strategy.done


@pytest.mark.parametrize("maker, parents, best", [(BANANAS, 2, 0.5), (NPENAS, 30, 0.75)])
def test_parents_are_the_best(maker, parents, best):
    """One of the two best at random; the better of two of the thirty best."""
    space = NASBench201Space()
    vectors = space.sample(np.random.default_rng(0), 60)
    strategy, used = maker(space, 100), np.zeros(60)
    for seed in range(400):
        child = strategy._proposal(vectors, np.random.default_rng(seed))
        differences = (space.indices(vectors) != space.indices(child)).sum(axis=1)
        assert differences[:parents].min() == 1
        used[np.argmax(differences == 1)] += 1 / 400
    assert used[: parents // 2].sum() == pytest.approx(best, abs=0.1)


def test_a_lesson_copies_the_fast_learner():
    space = CellSpace()
    fast, slow = space.sample(np.random.default_rng(0), 2)
    for copy_rate, teacher in ((1.0, fast), (0.0, slow)):
        strategy = BayesianSlowFastLearning(space, 50, copy_rate=copy_rate, lesson_rate=1.0)
        lessons = [strategy._lesson(fast, slow, np.random.default_rng(seed)) for seed in range(200)]
        changed = np.mean([lesson != teacher for lesson in lessons])
        assert changed == pytest.approx(1 / 32, abs=0.01)  # mutations: one choice of 32 in the mean


def test_some_proposals_are_random():
    space = NASBench201Space()
    vectors = np.repeat(space.sample(np.random.default_rng(0), 1), 20, axis=0)
    for fresh_rate, changed in ((0.0, 0.8 / 6), (1.0, 0.8)):  # a mutation may draw the old one of five operations
        strategy = BayesianSlowFastLearning(space, 50, fresh_rate=fresh_rate)
        draws = [strategy._proposal(vectors, np.random.default_rng(seed)) for seed in range(400)]
        differences = [np.mean(space.indices(draw) != space.indices(vectors[0])) for draw in draws]
        assert np.mean(differences) == pytest.approx(changed, abs=0.04)


def test_rounds_grow_with_what_is_known():
    strategy = BayesianSlowFastLearning(NASBench201Space(), 400, batch=5)
    assert [strategy._batch_of(known) for known in (20, 100, 250, 400)] == [5, 5, 5, 8]
    assert BANANAS(NASBench201Space(), 400)._batch_of(400) == 10


def test_the_referee_may_be_left_out():
    space = NASBench201Space()
    logs = [
        run_strategy(BayesianSlowFastLearning(space, 40, referee=referee), convolutions) for referee in (True, False)
    ]
    assert logs[0][:20] == logs[1][:20] and logs[0] != logs[1]


@every_strategy
def test_a_budget_is_kept(maker):
    space = NASBench201Space()
    strategy = maker(space, 60, feasible=lambda cell: "none" not in cell)
    run_strategy(strategy, convolutions)
    assert all("none" not in space.decode(vector) for vector in strategy.vectors)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"samples": 1}, "samples of BayesianSlowFastLearning is 1; it must be at least 2"),
        ({"population_size": 1}, "population_size of BayesianSlowFastLearning is 1; it must be at least 2"),
        ({"batch": 0}, "batch of BayesianSlowFastLearning is 0; it must be at least 1"),
        ({"proposals": 4}, "proposals of BayesianSlowFastLearning is 4 and batch 5; required: batch <= proposals"),
        ({"exploration": -1.0}, "exploration of BayesianSlowFastLearning is -1.0; it must be at least 0"),
        ({"growth": -0.1}, "growth of BayesianSlowFastLearning is -0.1; it must be from 0 to 1"),
        ({"copy_rate": 1.5}, "copy_rate of BayesianSlowFastLearning is 1.5; it must be from 0 to 1"),
    ],
)
def test_bad_arguments_are_named(change, message):
    with pytest.raises(UserError, match=message):
        BayesianSlowFastLearning(NASBench201Space(), 50, **change)


def test_a_front_is_found():
    """Convolutions against their cost: seven cells of NAS-Bench-201's lattice are Pareto-optimal."""

    def losses(candidate):
        ones = sum(name == "nor_conv_1x1" for name in candidate.architecture.operations)
        threes = sum(name == "nor_conv_3x3" for name in candidate.architecture.operations)
        return 6.0 - threes - 0.4 * ones, 2.0 * threes + ones

    found = {}
    for maker in (BayesianSlowFastLearning, RandomSearch):
        strategy = maker(NASBench201Space(), 200, objectives=2)
        run_strategy(strategy, losses)
        found[maker] = {tuple(point) for point in strategy.losses[non_dominated(strategy.losses)]}
    truth = {(6.0 - count, 2.0 * count) for count in range(7)}
    assert len(truth & found[BayesianSlowFastLearning]) == 7 > len(truth & found[RandomSearch])


def test_peers_take_a_single_objective():
    for maker in (BANANAS, NPENAS):
        with pytest.raises(UserError, match=f"objectives of {maker.__name__} is 2; it supports 1 only"):
            maker(NASBench201Space(), 50, objectives=2)


def test_bad_numbers_of_parents_are_named():
    with pytest.raises(UserError, match="parents of BANANAS is 0; it must be at least 1"):
        BANANAS(NASBench201Space(), 50, parents=0)
    with pytest.raises(UserError, match="population_size of NPENAS is 1; it must be at least 2"):
        NPENAS(NASBench201Space(), 50, population_size=1)


def test_a_predictor_must_be_an_ensemble():
    with pytest.raises(UserError, match="predictor of BANANAS has the network 'lenet' and 1 members"):
        BANANAS(NASBench201Space(), 50, predictor="reference")


def test_a_space_without_an_encoding():
    with pytest.raises(UserError, match="there is no encoding 'flow' of MacroMicroSpace"):
        BayesianSlowFastLearning(MacroMicroSpace(), 50)
