"""What a strategy itself costs."""

import time

import numpy as np
import pytest

from relnas_mm.spaces import CellSpace
from relnas_mm.strategies import SlowFastLearning

pytestmark = pytest.mark.unit


def test_ask_and_tell_cost_less_than_a_millisecond_at_population_1000():
    strategy = SlowFastLearning(CellSpace(), 1000, 2)
    seconds = []
    while not strategy.done:
        start = time.process_time()
        strategy.tell(strategy.ask(), (1.0, 2.0))
        seconds.append(time.process_time() - start)
    assert np.mean(seconds) < 1e-3


def test_a_generation_of_100000_moves_in_a_second():
    strategy = SlowFastLearning(CellSpace(), 100_000, 1, evaluate_last=False)
    strategy.population.losses[:] = np.random.default_rng(0).random(100_000)
    strategy._index = 49_999
    group = strategy.ask()
    start = time.process_time()
    strategy.tell(group, (1.0, 2.0))
    assert time.process_time() - start < 1.0
