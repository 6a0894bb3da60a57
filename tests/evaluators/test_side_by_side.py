"""Learners at once: in threads on CPUs, in turn elsewhere, and none is left behind."""

import threading

import pytest
import torch
from relnas_mm.evaluators.execution.side_by_side import carry_out, nothing_left
from relnas_mm.evaluators.kept_memory import kept_memory

from relnas_mm.evaluators.execution import Execution

pytestmark = pytest.mark.unit
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _four_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


def test_on_cpus_each_has_a_thread_and_its_share_of_the_cores():
    seen, meet = [], threading.Barrier(2, timeout=20)

    def work():
        for _ in range(2):
            meet.wait()  # fails unless both are at work
            seen.append((threading.get_ident(), torch.get_num_threads()))
            yield nothing_left

    carry_out([work(), work()], CPU)
    assert len({thread for thread, _ in seen} - {threading.get_ident()}) == 2
    assert [cores for _, cores in seen] == [2] * 4
    assert torch.get_num_threads() == 4


def test_one_has_all_the_cores():
    seen = []

    def work():
        seen.append((threading.get_ident(), torch.get_num_threads()))
        yield nothing_left

    carry_out([work()], CPU)
    assert seen == [(threading.get_ident(), 4)]


def test_elsewhere_a_step_of_each_in_turn():
    seen = []

    def work(name, steps):
        for step in range(steps):
            seen.append(f"{name}{step}")
            yield lambda step=step: seen.append(f"{name}{step} again")

    carry_out([work("a", 1), work("b", 3)], torch.device("meta"))
    assert seen == ["a0", "b0", "a0 again", "b0 again", "b1", "b1 again", "b2", "b2 again"]


def test_who_is_through_helps_with_what_needs_no_order():
    meet, seen = threading.Barrier(2, timeout=20), []

    def errand():
        meet.wait()  # fails unless two do errands of the second work at once
        seen.append(threading.get_ident())

    def works():
        yield nothing_left
        for _ in range(3):
            yield errand
            yield errand

    carry_out([iter(()), works()], CPU)
    assert len(seen) == 6 and len(set(seen)) == 2


def test_a_failure_ends_the_others_and_is_raised():
    def failing():
        yield nothing_left
        raise MemoryError("too much")

    def endless():
        while True:
            yield nothing_left

    with pytest.raises(MemoryError, match="too much"):
        carry_out([failing(), endless()], CPU)
    assert torch.get_num_threads() == 4
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("learner_")]


def test_lanes():
    assert len(Execution(streams=3).lanes(CPU)) == 3
    assert len(Execution(streams=9).lanes(CPU)) == 4  # no more than cores
    assert len(Execution().lanes(CPU)) == 1


class Libc:
    """What was asked of a C library."""

    def __init__(self):
        self.calls = []

    def mallopt(self, setting, value):
        self.calls.append((setting, value))

    def malloc_trim(self, pad):
        self.calls.append(("trim", pad))


def test_memory_is_kept_and_handed_back(monkeypatch):
    libc = Libc()
    monkeypatch.setattr("ctypes.CDLL", lambda name: libc)
    with pytest.raises(KeyError), kept_memory():
        assert dict(libc.calls) == {-4: 0, -1: 2**31 - 1}
        raise KeyError
    assert dict(libc.calls) == {-4: 2**16, -3: 2**25, -1: 2**26, "trim": 0}
    calls = len(libc.calls)
    with kept_memory(False):
        pass
    assert len(libc.calls) == calls


@pytest.mark.parametrize("there", [True, False])
def test_steps_are_the_same_with_the_real_library_and_with_another_one(there, monkeypatch):
    if not there:
        monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    with kept_memory():
        total = sum(torch.ones(2**21).sum().item() for _ in range(3))
    assert total == 3 * 2**21
