"""The ablations of slow-fast learning: what each named option does, and that the defaults are the reference rule."""

import copy

import numpy as np
import pytest
from helpers.strategies import run_strategy

from relnas_mm.errors import UserError
from relnas_mm.spaces import CellSpace
from relnas_mm.strategies import SlowFastLearning
from relnas_mm.strategies.learning import paired, students_and_teachers

pytestmark = pytest.mark.unit
SPACE = CellSpace()
PAIRS = np.array([[0, 1], [2, 3], [4, 5]])
SCORES = np.array([3.0, 1.0, 0.5, 2.0, 5.0, 4.0])


def bowl(candidate):
    return float(np.square(candidate.vector / SPACE.upper - 0.3).sum())


@pytest.mark.golden
def test_the_defaults_draw_what_they_always_drew():
    strategy = SlowFastLearning(SPACE, 6, 3, seed=5)
    log = run_strategy(strategy, bowl)
    assert [told.numbers for told in log[:3]] == [[3, 4], [2, 5], [1, 0]]
    assert strategy.best.loss == 2.082297318842687
    assert strategy.population.positions.sum() == pytest.approx(465.19443892046513, rel=1e-14)


def test_directions():
    def who(direction):
        students, teachers = students_and_teachers(PAIRS, SCORES, direction, np.random.default_rng(0))
        return students.tolist(), teachers.tolist()

    assert who("fast") == ([0, 3, 4], [1, 2, 5])
    assert who("slow") == ([1, 2, 5], [0, 3, 4])
    assert who("best") == ([0, 3, 4], [2, 2, 2])
    rng = np.random.default_rng(0)
    tosses = [students_and_teachers(PAIRS, SCORES, "coin", rng)[0] for _ in range(400)]
    assert np.mean(np.array(tosses) == [0, 3, 4]) == pytest.approx(0.5, abs=0.06)


def test_pairings():
    rng = np.random.default_rng
    pairs = paired("ranked", rng(0), SCORES)
    order = np.argsort(SCORES)
    assert {tuple(pair) for pair in pairs.tolist()} == {(order[k], order[k + 3]) for k in range(3)}
    unknown = np.full(6, np.nan)
    assert sorted(paired("ranked", rng(0), unknown).ravel()) == list(range(6))
    log = run_strategy(SlowFastLearning(SPACE, 8, 3, pairing="fixed"), bowl)
    assert [told.numbers for told in log[:4]] == [told.numbers for told in log[4:8]]


def test_ranges_of_the_draws():
    def moved(**options):
        strategy = SlowFastLearning(SPACE, 2, 2, seed=3, **options)
        run_strategy(strategy, bowl, until=1)
        return strategy

    jumped = moved(r1=(0.0, 0.0), r2=(1.0, 1.0))
    assert jumped.population.positions[0] == pytest.approx(jumped.population.positions[1])
    still = moved(r2=(0.0, 0.0))
    assert (still.population.positions == SlowFastLearning(SPACE, 2, 2, seed=3).population.positions).all()


@pytest.mark.parametrize("options", [{"pairing": "fixed"}, {"pairing": "ranked"}, {"direction": "coin"}])
@pytest.mark.parametrize("stop", [1, 3, 5])
def test_a_state_continues_exactly(options, stop):
    expected = run_strategy(SlowFastLearning(SPACE, 6, 3, seed=5, **options), bowl)
    first, second = (SlowFastLearning(SPACE, 6, 3, seed=5, **options) for _ in range(2))
    log = run_strategy(first, bowl, until=stop)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert log + run_strategy(second, bowl) == expected


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"pairing": "ring"}, "pairing of SlowFastLearning is 'ring'; allowed are 'random', 'fixed', 'ranked'"),
        ({"direction": "up"}, "direction of SlowFastLearning is 'up'"),
        ({"r1": (0.5, 0.2)}, "r1 of SlowFastLearning"),
        ({"r2": (-1, 1)}, "r2 of SlowFastLearning"),
    ],
)
def test_bad_options(options, says):
    with pytest.raises(UserError, match=says):
        SlowFastLearning(SPACE, 4, 1, **options)
