"""Learners that are got ready in a thread, while the device works for those before them."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from relnas_mm.evaluators.execution import Lane
from relnas_mm.evaluators.learner import Learner
from relnas_mm.evaluators.memory import OutOfMemory
from relnas_mm.strategies import Candidate, Group

Place = tuple[Group, Candidate]
Build = Callable[[Group, Candidate, Lane], Learner]


class LearnersAhead:
    """Builds learners before they are asked for.

    Args:
        build: Gets a learner ready; needs no weights.
    """

    def __init__(self, build: Build):
        self._build = build
        self._thread = ThreadPoolExecutor(1, "learners")
        self._waiting: dict[tuple[int, int], tuple[Place, Lane, Future[Learner | None]]] = {}

    def start(self, places: Sequence[Place], lanes: Sequence[Lane]) -> None:
        """Begins to get learners ready that are likely to be asked for next; what was not asked for is dropped."""
        self._waiting = {
            _address(place): (place, lane, self._thread.submit(self._without_failing, place, lane))
            for place, lane in zip(places, lanes)
        }

    def take(self, place: Place, lane: Lane) -> Learner:
        """The learner of a candidate on a lane, once it is ready; built now, if it was not foreseen."""
        foreseen, same, future = self._waiting.pop(_address(place), (None, None, None))
        learner = future.result() if future is not None else None
        fits = foreseen is not None and same is lane and foreseen[1].architecture == place[1].architecture
        return learner if learner is not None and fits else self._build(*place, lane)

    def _without_failing(self, place: Place, lane: Lane) -> Learner | None:
        """Those before it take memory too; without them it may fit."""
        try:
            return self._build(*place, lane)
        except OutOfMemory:
            return None


def _address(place: Place) -> tuple[int, int]:
    group, candidate = place
    return group.generation, candidate.number
