"""What a strategy itself does beside the candidates' training; `benchmarks/overhead.py` has the seconds."""

import gc
import sys

import numpy as np
import pytest

from relnas_mm.spaces import CellSpace
from relnas_mm.strategies import SlowFastLearning

pytestmark = pytest.mark.unit


def python_calls(work):
    """How many functions written in Python some work calls."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event == "call"

    gc.disable()  # hypothesis has callbacks in it, which would be counted
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls


def calls_of_a_group(population_size):
    strategy = SlowFastLearning(CellSpace(), population_size, 2)
    return python_calls(lambda: strategy.tell(strategy.ask(), (1.0, 2.0)))


def test_asking_and_telling_do_not_look_at_the_rest_of_the_population():
    assert calls_of_a_group(1000) == calls_of_a_group(10) < 500


def calls_of_a_move(population_size):
    """The calls when the last pair of a generation is told, after which all slow learners move."""
    strategy = SlowFastLearning(CellSpace(), population_size, 1, evaluate_last=False)
    strategy.population.losses[:] = np.random.default_rng(0).random(population_size)
    strategy._index = population_size // 2 - 1
    group = strategy.ask()
    before = strategy.population.positions.copy()
    calls = python_calls(lambda: strategy.tell(group, (1.0, 2.0)))
    assert (strategy.population.positions != before).any(1).sum() == population_size // 2
    return calls


def test_a_generation_moves_at_once():
    assert calls_of_a_move(100_000) == calls_of_a_move(10) < 500
