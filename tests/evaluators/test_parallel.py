"""Candidates at once: in threads on CPUs, in turn elsewhere, and none is left behind."""

import threading

import pytest
import torch

from relnas_mm.errors import UserError
from relnas_mm.evaluators.execution import ExecutionConfig, run_in_parallel

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
            yield

    run_in_parallel([work(), work()], CPU)
    assert len({thread for thread, _ in seen} - {threading.get_ident()}) == 2
    assert [cores for _, cores in seen] == [2] * 4
    assert torch.get_num_threads() == 4


def test_one_has_all_the_cores():
    seen = []

    def work():
        seen.append((threading.get_ident(), torch.get_num_threads()))
        yield

    run_in_parallel([work()], CPU)
    assert seen == [(threading.get_ident(), 4)]


def test_elsewhere_a_step_of_each_in_turn():
    seen = []

    def work(name, steps):
        for step in range(steps):
            seen.append(f"{name}{step}")
            yield

    run_in_parallel([work("a", 1), work("b", 3)], torch.device("meta"))
    assert seen == ["a0", "b0", "b1", "b2"]


def test_a_failure_ends_the_others_and_is_raised():
    def failing():
        yield
        raise MemoryError("too much")

    def endless():
        while True:
            yield

    with pytest.raises(MemoryError, match="too much"):
        run_in_parallel([failing(), endless()], CPU)
    assert torch.get_num_threads() == 4
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("candidate_")]


def test_a_stream_for_each_candidate_and_nothing_in_silence():
    assert len(ExecutionConfig(parallel_candidates=3).streams(CPU)) == 3 and len(ExecutionConfig().streams(CPU)) == 1
    ExecutionConfig("auto", channels_last=True, parallel_candidates=9).check(CPU)
    cuda = torch.device("cuda")
    for config, device, says in (
        (ExecutionConfig(cuda_graphs=True), CPU, "cuda_graphs is True, but the device is 'cpu'"),
        (ExecutionConfig(parallel_candidates=2), cuda, "side by side with cuda_graphs=True only"),
        (ExecutionConfig("triton", channels_last=True), cuda, "its kernels read contiguous maps"),
        (ExecutionConfig("triton"), CPU, "backend is 'triton', but the device is 'cpu'"),
        (ExecutionConfig(autocast="bfloat16", channels_last=True), CPU, "are then NaN; set one of them only"),
    ):
        with pytest.raises(UserError, match=says):
            config.check(device)
