"""Learners that are got ready ahead: those that were foreseen are taken, and all others are built when needed."""

import threading

import numpy as np
import pytest
from relnas_mm.evaluators.memory import OutOfMemory

from relnas_mm.architectures import GENOTYPES
from relnas_mm.evaluators.execution import Lane
from relnas_mm.evaluators.execution.prefetch import CandidatePrefetcher
from relnas_mm.strategies import Candidate, Group

pytestmark = pytest.mark.unit


def place(number, generation=0, name="relativenas"):
    candidate = Candidate(number, np.zeros(1), GENOTYPES[name])
    return Group(generation, 0, 1, 0.0, (candidate,)), candidate


class Builder:
    """Gives the thread and the candidate in place of a learner; `full` times there is no memory."""

    def __init__(self, full=0):
        self.built, self.full = [], full

    def __call__(self, group, candidate, lane):
        self.built.append((group.generation, candidate.number))
        if len(self.built) <= self.full:
            raise OutOfMemory("CUDA out of memory")
        return threading.current_thread() is threading.main_thread(), candidate.architecture


def test_what_was_foreseen_is_built_once_in_another_thread():
    build, lanes = Builder(), [Lane(), Lane()]
    ahead, places = CandidatePrefetcher(build), [place(3), place(1)]
    ahead.start(places, lanes)
    taken = [ahead.take(*pair) for pair in zip(places, lanes)]
    assert taken == [(False, GENOTYPES["relativenas"])] * 2 and build.built == [(0, 3), (0, 1)]


@pytest.mark.parametrize("asked", [place(1), place(3, generation=1), place(3, name="darts_v2")])
def test_others_are_built_when_they_are_asked_for(asked):
    build, lane = Builder(), Lane()
    ahead = CandidatePrefetcher(build)
    ahead.start([place(3)], [lane])
    assert ahead.take(asked, lane) == (True, asked[1].architecture)


def test_a_learner_stays_on_its_lane():
    build, lanes = Builder(), [Lane(), Lane()]
    ahead = CandidatePrefetcher(build)
    ahead.start([place(3)], lanes)
    assert ahead.take(place(3), lanes[1])[0]


def test_without_memory_it_is_built_once_there_is_room():
    build, lane = Builder(full=1), Lane()
    ahead = CandidatePrefetcher(build)
    ahead.start([place(3)], [lane])
    assert ahead.take(place(3), lane)[0] and build.built == [(0, 3)] * 2
    with pytest.raises(OutOfMemory):
        CandidatePrefetcher(Builder(full=1)).take(place(3), lane)
