"""Builds the trainers of upcoming candidates in a thread while the device is busy."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from relnas_mm.evaluators.execution.stream import ExecutionStream
from relnas_mm.evaluators.oom import OutOfMemory
from relnas_mm.strategies import Candidate, Group

Job = tuple[Group, Candidate]
"""A candidate and its group."""
T = TypeVar("T")


class CandidatePrefetcher(Generic[T]):
    """Builds trainers of candidates before they are needed.

    Args:
        build: Builds a trainer, without its weights.
    """

    def __init__(self, build: Callable[[Group, Candidate, ExecutionStream], T]):
        self._build = build
        self._thread = ThreadPoolExecutor(1, "prefetch")
        self._pending: dict[tuple[int, int], tuple[Job, ExecutionStream, Future[T | None]]] = {}

    def start(self, jobs: Sequence[Job], streams: Sequence[ExecutionStream]) -> None:
        """Starts building the trainers of likely next jobs, and drops earlier ones that were not taken."""
        self._pending = {
            _address(job): (job, stream, self._thread.submit(self._build_if_it_fits, job, stream))
            for job, stream in zip(jobs, streams)
        }

    def take(self, job: Job, stream: ExecutionStream) -> T:
        """Returns the trainer of a candidate on a stream, which is built now unless it was prefetched."""
        expected, its_stream, future = self._pending.pop(_address(job), (None, None, None))
        built = future.result() if future is not None else None
        matches = expected is not None and its_stream is stream and expected[1].architecture == job[1].architecture
        return built if built is not None and matches else self._build(*job, stream)

    def _build_if_it_fits(self, job: Job, stream: ExecutionStream) -> T | None:
        """Builds a trainer, or returns `None` on OOM: it may fit once the current candidates are finished."""
        try:
            return self._build(*job, stream)
        except OutOfMemory:
            return None


def _address(job: Job) -> tuple[int, int]:
    group, candidate = job
    return group.generation, candidate.number
