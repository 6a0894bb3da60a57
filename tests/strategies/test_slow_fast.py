"""Slow-fast learning: the update, the pairs, who moves when, ties, budgets, and continuing from a state."""

import copy

import numpy as np
import pytest
from helpers.strategies import run_strategy
from hypothesis import given
from hypothesis import strategies as st

from relnas_mm.errors import UserError
from relnas_mm.spaces import CellSpace
from relnas_mm.strategies import SlowFastLearning, Strategy, slow_fast_update, teachers_first

pytestmark = pytest.mark.unit
SPACE = CellSpace()


def bowl(candidate):
    """Lowest at a point inside the box."""
    return float(np.square(candidate.vector / SPACE.upper - 0.3).sum())


def by_hand(positions, velocities, students, teachers, r1, r2, upper):
    """The published formula, one number after the other."""
    positions, velocities = copy.deepcopy((positions.tolist(), velocities.tolist()))
    before = copy.deepcopy(positions)
    for row, (s, t) in enumerate(zip(students, teachers)):
        for d in range(len(upper)):
            velocities[s][d] = r1[row][d] * velocities[s][d] + r2[row][d] * (before[t][d] - before[s][d])
            positions[s][d] = min(max(before[s][d] + velocities[s][d], 0.0), upper[d])
    return positions, velocities


@given(st.integers(0, 2**32), st.integers(1, 8))
def test_the_update_is_the_published_formula(seed, pairs):
    rng = np.random.default_rng(seed)
    n = 2 * pairs
    positions, velocities = SPACE.sample(rng, n), rng.normal(size=(n, 32)) * 3
    students, teachers = rng.permutation(n).reshape(2, pairs)
    r1, r2 = rng.random((2, pairs, 32))
    kept = positions.copy(), velocities.copy()
    moved = slow_fast_update(positions, velocities, students, teachers, r1, r2, SPACE.upper)
    assert (moved[0] == by_hand(*kept, students, teachers, r1, r2, SPACE.upper)[0]).all()
    assert (moved[1] == by_hand(*kept, students, teachers, r1, r2, SPACE.upper)[1]).all()
    assert (positions == kept[0]).all() and (velocities == kept[1]).all()  # arguments stay
    assert (moved[0][teachers] == kept[0][teachers]).all() and (moved[1][teachers] == kept[1][teachers]).all()
    assert (moved[0] >= 0).all() and (moved[0] <= SPACE.upper).all()


def test_velocity_is_not_reset_where_the_position_is_clipped():
    positions, velocities = np.array([[1.0], [0.0]]), np.array([[5.0], [0.0]])
    moved = slow_fast_update(
        positions, velocities, np.array([0]), np.array([1]), np.ones((1, 1)), np.zeros((1, 1)), np.array([2.0])
    )
    assert moved[0][0, 0] == 2.0 and moved[1][0, 0] == 5.0


def test_it_is_a_strategy():
    assert isinstance(SlowFastLearning(SPACE, 4, 1), Strategy)


def test_each_generation_pairs_everybody_once_and_anew():
    strategy = SlowFastLearning(SPACE, 10, 3, evaluate_last=False)
    log = run_strategy(strategy, bowl)
    assert len(log) == strategy.total_groups == 15
    pairings = [[tuple(told.numbers) for told in log[5 * g : 5 * g + 5]] for g in range(3)]
    for pairs in pairings:
        assert sorted(number for pair in pairs for number in pair) == list(range(10))
    assert len({tuple(sorted(map(tuple, map(sorted, pairs)))) for pairs in pairings}) == 3


def test_students_move_only_when_the_generation_ends():
    strategy = SlowFastLearning(SPACE, 6, 2)
    start = strategy.population.positions.copy()
    for _ in range(2):
        group = strategy.ask()
        strategy.tell(group, [1.0, 2.0])
        assert (strategy.population.positions == start).all()
    group = strategy.ask()
    strategy.tell(group, [1.0, 2.0])
    moved = {number for number in range(6) if (strategy.population.positions[number] != start[number]).any()}
    assert len(moved) == 3 and group.candidates[1].number in moved and group.candidates[0].number not in moved


@pytest.mark.parametrize("losses", [(1.0, 1.0), (float("nan"), float("nan")), (float("inf"), float("nan"))])
def test_of_equal_losses_the_first_teaches_in_vectors_and_weights_alike(losses):
    strategy = SlowFastLearning(SPACE, 2, 1)
    start = strategy.population.positions.copy()
    group = strategy.ask()
    strategy.tell(group, losses)
    first = group.candidates[0].number
    assert teachers_first(losses) == [0, 1]
    assert (strategy.population.positions[first] == start[first]).all()
    assert (strategy.population.positions[1 - first] != start[1 - first]).any()


def test_a_diverged_learner_loses_and_never_wins():
    strategy = SlowFastLearning(SPACE, 2, 1, evaluate_last=False)
    group = strategy.ask()
    strategy.tell(group, [float("nan"), 7.0])
    assert strategy.best.loss == 7.0 and strategy.best.candidate.number == group.candidates[1].number
    assert len(strategy.ranking()) == 1


def test_velocities_belong_to_individuals_and_outlive_being_a_teacher():
    strategy = SlowFastLearning(SPACE, 2, 2, seed=1)
    group = strategy.ask()
    slow = group.candidates[1].number
    strategy.tell(group, [1.0, 2.0])
    velocity = strategy.population.velocities[slow].copy()
    assert velocity.any()
    group = strategy.ask()
    strategy.tell(group, [1.0 if c.number == slow else 2.0 for c in group.candidates])
    assert (strategy.population.velocities[slow] == velocity).all()


def test_the_last_population_is_scored_without_moving_and_wins_by_its_own_losses():
    strategy = SlowFastLearning(SPACE, 4, 2)
    log = run_strategy(strategy, bowl)
    assert len(log) == 6
    last = {number: loss for told in log[4:] for number, loss in zip(told.numbers, told.losses)}
    assert strategy.best.loss == min(last.values())
    assert bowl(strategy.best.candidate) == strategy.best.loss
    with pytest.raises(UserError, match="done after 2 generations"):
        strategy.ask()


def test_it_learns():
    strategy = SlowFastLearning(SPACE, 20, 40)
    log = run_strategy(strategy, bowl)
    first, last = (np.mean([loss for told in part for loss in told.losses]) for part in (log[:10], log[-10:]))
    assert last < 0.35 * first


@given(stop=st.integers(0, 11))
def test_a_state_continues_exactly(stop):
    whole = SlowFastLearning(SPACE, 6, 3, seed=5)
    expected = run_strategy(whole, bowl)
    first = SlowFastLearning(SPACE, 6, 3, seed=5)
    log = run_strategy(first, bowl, until=stop)
    state = copy.deepcopy(first.state_dict())
    run_strategy(first, bowl)  # what happens to the first one later does not reach into the state
    second = SlowFastLearning(SPACE, 6, 3, seed=5)
    second.load_state_dict(state)
    assert log + run_strategy(second, bowl) == expected
    assert second.best.loss == whole.best.loss


def test_the_seed_decides_everything():
    logs = [run_strategy(SlowFastLearning(SPACE, 4, 2, seed=seed), bowl) for seed in (0, 0, 1)]
    assert logs[0] == logs[1] != logs[2]


def test_a_budget_holds_for_everybody_proposed():
    def few_convolutions(genotype):
        return sum("conv" in operation for operation, _ in genotype.normal) <= 4

    strategy = SlowFastLearning(SPACE, 10, 10, feasible=few_convolutions)
    while not strategy.done:
        group = strategy.ask()
        assert all(few_convolutions(candidate.architecture) for candidate in group.candidates)
        strategy.tell(group, [bowl(candidate) for candidate in group.candidates])


def test_resampling_is_bounded():
    with pytest.raises(UserError, match="in 3 attempts only 0 of 4 individuals"):
        SlowFastLearning(SPACE, 4, 1, feasible=lambda genotype: False, max_attempts=3)
    allowed = [True]
    strategy = SlowFastLearning(SPACE, 4, 1, feasible=lambda genotype: allowed[0], max_attempts=3)
    allowed[0] = False
    start = strategy.population.positions.copy()
    run_strategy(strategy, bowl)
    assert (strategy.population.positions == start).all()  # who finds no place stays


@pytest.mark.parametrize("population", [0, 1, 7, -2])
def test_an_odd_population_is_refused(population):
    with pytest.raises(UserError, match=f"population_size of SlowFastLearning is {population}"):
        SlowFastLearning(SPACE, population, 1)


def test_bad_arguments_and_foreign_groups():
    with pytest.raises(UserError, match="generations is 0"):
        SlowFastLearning(SPACE, 2, 0)
    strategy = SlowFastLearning(SPACE, 4, 2)
    group = strategy.ask()
    strategy.tell(group, [1.0, 2.0])
    with pytest.raises(UserError, match="pair 0 of generation 0"):
        strategy.tell(group, [1.0, 2.0])
    with pytest.raises(UserError, match="1 losses were told"):
        strategy.tell(strategy.ask(), [1.0])


@pytest.mark.parametrize("count", [1, 3, 99])
def test_pairs_asked_for_ahead_are_those_asked_for_in_turn(count):
    """Where losses do not depend on shared weights, as in a table, a search in rounds is the search in turn."""
    in_turn, in_rounds = (SlowFastLearning(SPACE, 10, 4) for _ in range(2))
    run_strategy(in_turn, bowl)
    while not in_rounds.done:
        for group in in_rounds.ask_ahead(count):
            in_rounds.tell(group, [bowl(candidate) for candidate in group.candidates])
    assert np.array_equal(in_rounds.population.positions, in_turn.population.positions)
    assert in_rounds.best.loss == in_turn.best.loss
