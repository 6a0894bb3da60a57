"""Candidates that are got ready beforehand: what was foreseen is taken, everything else is built when needed."""

import threading

import numpy as np
import pytest

from relnas_mm.architectures import GENOTYPES
from relnas_mm.evaluators.execution import CandidatePrefetcher, ExecutionStream
from relnas_mm.evaluators.oom import OutOfMemory
from relnas_mm.strategies import Candidate, Group

pytestmark = pytest.mark.unit


def job(number, generation=0, name="relativenas"):
    candidate = Candidate(number, np.zeros(1), GENOTYPES[name])
    return Group(generation, 0, 1, 0.0, (candidate,)), candidate


class Builder:
    """Gives the thread and the candidate in place of a trainer; `full` times there is no memory."""

    def __init__(self, full=0):
        self.built, self.full = [], full

    def __call__(self, group, candidate, stream):
        self.built.append((group.generation, candidate.number))
        if len(self.built) <= self.full:
            raise OutOfMemory("CUDA out of memory")
        return threading.current_thread() is threading.main_thread(), candidate.architecture


def test_what_was_foreseen_is_built_once_in_another_thread():
    build, streams = Builder(), [ExecutionStream(), ExecutionStream()]
    prefetcher, jobs = CandidatePrefetcher(build), [job(3), job(1)]
    prefetcher.start(jobs, streams)
    taken = [prefetcher.take(*pair) for pair in zip(jobs, streams)]
    assert taken == [(False, GENOTYPES["relativenas"])] * 2 and build.built == [(0, 3), (0, 1)]


@pytest.mark.parametrize("asked", [job(1), job(3, generation=1), job(3, name="darts_v2")])
def test_others_are_built_when_they_are_asked_for(asked):
    build, stream = Builder(), ExecutionStream()
    prefetcher = CandidatePrefetcher(build)
    prefetcher.start([job(3)], [stream])
    assert prefetcher.take(asked, stream) == (True, asked[1].architecture)


def test_a_trainer_stays_on_its_stream():
    build, streams = Builder(), [ExecutionStream(), ExecutionStream()]
    prefetcher = CandidatePrefetcher(build)
    prefetcher.start([job(3)], streams)
    assert prefetcher.take(job(3), streams[1])[0]


def test_without_memory_it_is_built_once_there_is_room():
    build, stream = Builder(full=1), ExecutionStream()
    prefetcher = CandidatePrefetcher(build)
    prefetcher.start([job(3)], [stream])
    assert prefetcher.take(job(3), stream)[0] and build.built == [(0, 3)] * 2
    with pytest.raises(OutOfMemory):
        CandidatePrefetcher(Builder(full=1)).take(job(3), stream)
