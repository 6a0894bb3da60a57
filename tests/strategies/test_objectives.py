"""Several objectives: fronts, crowding, and what the strategies do with them."""

import copy
import itertools

import numpy as np
import pytest
from helpers.strategies import run_strategy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from relnas_mm.errors import UserError
from relnas_mm.spaces import NASBench201Space
from relnas_mm.strategies import RandomSearch, RegularizedEvolution, SlowFastLearning
from relnas_mm.strategies.objectives import COMPARISONS, crowding, fitness, fronts, non_dominated, ranking

pytestmark = pytest.mark.unit
SPACE = NASBench201Space()
values = st.integers(0, 4).map(float) | st.just(np.inf)
clouds = st.tuples(st.integers(0, 12), st.integers(1, 3)).flatmap(lambda shape: arrays(float, shape, elements=values))


def dominates(a, b):
    return all(x <= y for x, y in zip(a, b)) and any(x < y for x, y in zip(a, b))


@given(clouds)
def test_fronts_by_their_definition(points):
    ranks = fronts(points)
    for i, point in enumerate(points):
        better = [ranks[j] for j, other in enumerate(points) if dominates(other, point)]
        assert ranks[i] == (max(better) + 1 if better else 0)


@given(clouds)
def test_the_first_front_in_order_and_without_equals(points):
    found = list(map(tuple, points[non_dominated(points)]))
    assert found == sorted({tuple(point) for point, rank in zip(points, fronts(points)) if rank == 0})


def test_crowding_by_hand():
    points = np.array([[0.0, 4.0], [1.0, 3.0], [3.0, 1.0], [4.0, 0.0], [9.0, 9.0]])
    assert crowding(points, fronts(points)).tolist() == [np.inf, 1.5, 1.5, np.inf, np.inf]
    points[2] = 1.5, 2.5
    assert crowding(points, fronts(points))[1:3] == pytest.approx([1.5 / 4 + 1.5 / 4, 3 / 4 + 3 / 4])


@given(clouds)
def test_fitness_puts_better_fronts_first(points):
    position, ranks = fitness(points), fronts(points)
    assert sorted(position) == list(range(len(points)))
    assert (np.diff(ranks[np.argsort(position)]) >= 0).all()


def test_fitness_of_one_objective_is_the_loss():
    losses = np.array([3.0, np.inf, 1.0])
    assert fitness(losses) is losses
    assert np.isnan(fitness(np.array([[1.0, np.nan], [0.0, 0.0]]))).all()


def two(candidate):
    """Convolutions cost and help."""
    convolutions = np.isin(SPACE.indices(candidate.vector), (2, 3)).sum()
    return [float(6 - convolutions) + 0.01 * candidate.vector.sum(), float(convolutions)]


MAKERS = {
    "evolution": lambda seed=0: RegularizedEvolution(SPACE, 120, 20, 5, seed=seed, objectives=2),
    "slow-fast": lambda seed=0: SlowFastLearning(SPACE, 12, 10, seed=seed, evaluate_last=False, objectives=2),
    "random": lambda seed=0: RandomSearch(SPACE, 120, seed=seed, objectives=2),
}


@pytest.mark.parametrize("maker", MAKERS)
def test_a_state_of_two_objectives_continues_exactly(maker):
    expected = run_strategy(MAKERS[maker](), two)
    first, second = MAKERS[maker](), MAKERS[maker]()
    log = run_strategy(first, two, until=35)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert log + run_strategy(second, two) == expected


def area(points):
    """What a front covers below the point (7, 7)."""
    covered, height = 0.0, 7.0
    for x, y in sorted(map(tuple, points)):
        if y < height:
            covered, height = covered + (7 - x) * (height - y), y
    return covered


@pytest.mark.parametrize("maker", ["evolution", "slow-fast"])
def test_both_ends_are_served(maker):
    late = []
    for seed in range(8):
        log = run_strategy(MAKERS[maker](seed), two)
        late.append(area([point for told in log[-len(log) // 2 :] for point in told.losses]))
    log = run_strategy(MAKERS["random"](), two)
    few = [area([point for told in log[start : start + 8] for point in told.losses]) for start in range(0, 120, 8)]
    assert np.mean(late) > np.mean(few)


def test_the_winner_has_the_lowest_first_loss():
    strategy = MAKERS["evolution"]()
    log = run_strategy(strategy, two)
    assert strategy.best.loss == min(loss for told in log for loss, _ in told.losses)


def test_numbers_of_objectives_must_agree():
    strategy = SlowFastLearning(SPACE, 4, 1, objectives=2)
    with pytest.raises(UserError, match="1 losses were told for each candidate; `objectives` of the strategy is 2"):
        strategy.tell(strategy.ask(), [1.0, 2.0])
    with pytest.raises(UserError, match="objectives of SlowFastLearning is 0"):
        SlowFastLearning(SPACE, 4, 1, objectives=0)


def test_the_sum_of_ranks_adds_positions_and_equal_losses_share_one():
    losses = np.array([[1.0, 30.0], [2.0, 20.0], [3.0, 20.0], [np.inf, 10.0]])
    assert fitness(losses, "rank_sum").tolist() == [0 + 2, 1 + 1, 2 + 1, 3 + 0]
    # whatever the scale of an objective
    assert fitness(losses * [1, 1e-6], "rank_sum").tolist() == fitness(losses, "rank_sum").tolist()


def test_a_lexicographic_comparison_looks_further_where_the_first_hardly_differ():
    losses = np.array([[1.001, 5.0], [1.002, 4.0], [0.5, 9.0], [-0.3, 9.0], [1.1, 0.0], [np.inf, 0.0]])
    assert fitness(losses, "lexicographic").tolist() == [3, 2, 1, 0, 4, 5]


@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 3), min_size=1, max_size=12), st.sampled_from(COMPARISONS))
def test_a_dominating_candidate_is_never_worse(rows, compare):
    losses = np.array(rows)
    scores = fitness(losses, compare)
    for one, other in itertools.permutations(range(len(rows)), 2):
        if (losses[one] <= losses[other]).all():
            assert compare == "pareto" or scores[one] <= scores[other]
    assert sorted(ranking(losses, compare)) == list(range(len(rows)))


def test_the_winner_is_the_first_of_the_comparison_and_has_no_infinite_loss():
    losses = np.array([[1.0, 9.0], [2.0, 1.0], [3.0, 2.0], [0.5, np.inf]])
    assert ranking(losses, "pareto") == [3, 0, 1, 2]
    assert ranking(losses, "rank_sum") == [1, 0, 2]
    assert ranking(losses, "lexicographic") == [0, 1, 2]
