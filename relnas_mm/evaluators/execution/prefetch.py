"""Candidates that are got ready in a thread, while the device works for those before them."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from relnas_mm.evaluators.execution.stream import ExecutionStream
from relnas_mm.evaluators.oom import OutOfMemory
from relnas_mm.strategies import Candidate, Group

Job = tuple[Group, Candidate]
"""A candidate, and the group that it belongs to."""
T = TypeVar("T")


class CandidatePrefetcher(Generic[T]):
    """Builds what trains a candidate before it is asked for.

    Args:
        build: Gets it ready; needs no weights.
    """

    def __init__(self, build: Callable[[Group, Candidate, ExecutionStream], T]):
        self._build = build
        self._thread = ThreadPoolExecutor(1, "prefetch")
        self._waiting: dict[tuple[int, int], tuple[Job, ExecutionStream, Future[T | None]]] = {}

    def start(self, jobs: Sequence[Job], streams: Sequence[ExecutionStream]) -> None:
        """Begins to build for jobs that are likely to be asked for next; what was not asked for is dropped."""
        self._waiting = {
            _address(job): (job, stream, self._thread.submit(self._build_if_it_fits, job, stream))
            for job, stream in zip(jobs, streams)
        }

    def take(self, job: Job, stream: ExecutionStream) -> T:
        """What trains a candidate on a stream, once it is ready; built now, if it was not foreseen."""
        expected, same, future = self._waiting.pop(_address(job), (None, None, None))
        built = future.result() if future is not None else None
        fits = expected is not None and same is stream and expected[1].architecture == job[1].architecture
        return built if built is not None and fits else self._build(*job, stream)

    def _build_if_it_fits(self, job: Job, stream: ExecutionStream) -> T | None:
        """Those before it take memory too; without them it may fit."""
        try:
            return self._build(*job, stream)
        except OutOfMemory:
            return None


def _address(job: Job) -> tuple[int, int]:
    group, candidate = job
    return group.generation, candidate.number
