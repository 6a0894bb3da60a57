"""Base class of strategies that propose one candidate at a time."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError
from relnas_mm.seeding import numpy_stream
from relnas_mm.spaces import Space
from relnas_mm.strategies.base import Candidate, Feasible, Group, Losses, Scored, Strategy
from relnas_mm.strategies.objectives import check_comparison, first_objective, ranking, told_losses


class SequentialStrategy(Strategy):
    """Records all vectors and losses; the next proposal is a function of them, so they are the whole state.

    Subclasses implement `_propose`.  Groups are single candidates; records and schedules call `generation_size` of them
    a generation.

    Args:
        space: The search space.
        queries: Number of candidates to evaluate.
        generation_size: Number of candidates that records call a generation.
        seed: Seed of all random streams.
        feasible: Whether an architecture is within the budget; `None` allows all.
        max_attempts: Number of proposals before the search fails.
        objectives: Number of losses per candidate.
        compare: How several are compared, as for `fitness`: 'pareto', 'rank_sum' or 'lexicographic'.

    Raises:
        UserError: `queries`, `generation_size`, `max_attempts` or `objectives` is below 1.
    """

    def __init__(
        self,
        space: Space,
        queries: int,
        generation_size: int = 20,
        seed: int = 0,
        feasible: Feasible | None = None,
        max_attempts: int = 100,
        objectives: int = 1,
        compare: str = "pareto",
    ):
        counts = {
            "queries": queries,
            "generation_size": generation_size,
            "max_attempts": max_attempts,
            "objectives": objectives,
        }
        for name, value in counts.items():
            if value < 1:
                raise UserError(f"{name} of {type(self).__name__} is {value!r}; it must be at least 1")
        self.space, self.queries, self.seed = space, queries, seed
        check_comparison(compare, type(self).__name__)
        self.feasible, self.objectives, self.compare = feasible, objectives, compare
        self._generation_size, self._max_attempts = generation_size, max_attempts
        self._vectors = np.empty((queries, len(space.upper)))
        self._losses = np.empty(queries if objectives == 1 else (queries, objectives))
        self._told = 0
        self._asked: Candidate | None = None

    @property
    def vectors(self) -> np.ndarray:
        """Evaluated vectors, shape (told, d)."""
        return self._vectors[: self._told]

    @property
    def losses(self) -> np.ndarray:
        """Their losses, shape (told,), or (told, m) with several objectives."""
        return self._losses[: self._told]

    @property
    def done(self) -> bool:
        """Whether all queries are spent."""
        return self._told == self.queries

    @property
    def total_groups(self) -> int:
        """Number of candidates of the whole search."""
        return self.queries

    def ranking(self) -> list[Scored]:
        """All candidates, the winner first, without diverged ones."""
        first, order = first_objective(self.losses), ranking(self.losses, self.compare)
        return [Scored(self._candidate(index, self._vectors[index]), float(first[index])) for index in order]

    def ask(self) -> Group:
        """The next candidate; the same one until `tell`.

        Raises:
            UserError: The search is done, or no architecture within the budget was found.
        """
        if self.done:
            raise UserError(f"the search is done after {self.queries} queries; there is nothing to ask for")
        if self._asked is None:
            self._asked = self._candidate(self._told, self._first_fitting(self._told))
        return self._group(self._told, self._asked)

    def tell(self, group: Group, losses: Losses) -> None:
        """Records the loss, or the losses, of the candidate.

        Raises:
            UserError: The group is another one, or the number of losses is wrong.
        """
        if self._asked is None or not self._is_asked(group.candidates[0]) or len(losses) != 1:
            raise UserError(
                f"{len(losses)} losses were told for candidate {group.index} of generation {group.generation}; "
                "one for the candidate that was asked for last is expected"
            )
        (self._losses[self._told],) = told_losses(losses, self.objectives)
        self._vectors[self._told] = self._asked.vector
        self._asked = None
        self._told += 1
        self._learn()

    def state_dict(self) -> dict[str, Any]:
        """State from which a strategy with the same arguments resumes exactly."""
        return {"vectors": self.vectors.copy(), "losses": self.losses.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restores the state from the result of `state_dict`."""
        self._told, self._asked = len(state["vectors"]), None
        self._vectors[: self._told], self._losses[: self._told] = state["vectors"], state["losses"]

    def _propose(self, rng: np.random.Generator) -> np.ndarray:
        """Proposes a vector, shape (d,), by random draws from `rng`."""
        raise NotImplementedError

    def _fits(self, architecture: Architecture) -> bool:
        """Whether a proposal is accepted."""
        return self.feasible is None or self.feasible(architecture)

    def _learn(self) -> None:
        """Updates the subclass after each `tell`."""

    def _is_asked(self, candidate: Candidate) -> bool:
        return candidate is self._asked

    def _group(self, number: int, candidate: Candidate) -> Group:
        """The group of a candidate, by the number of candidates before it."""
        generation, index = divmod(number, self._generation_size)
        groups = min(self._generation_size, self.queries - generation * self._generation_size)
        return Group(generation, index, groups, number / self.queries, (candidate,))

    def _first_fitting(self, number: int) -> np.ndarray:
        attempt = 0
        while not self._fits(self.space.decode(vector := self._propose(self._draws(number, attempt)))):
            attempt += 1
            if attempt == self._max_attempts:
                return self._without_fit(vector)
        return vector

    def _draws(self, number: int, attempt: int) -> np.random.Generator:
        return numpy_stream(self.seed, "proposal", number, attempt)

    def _without_fit(self, vector: np.ndarray) -> np.ndarray:
        """Fallback when no attempt was accepted; `vector` is the last proposal."""
        raise UserError(
            f"in {self._max_attempts} attempts {type(self).__name__} found no architecture within the budget; "
            "widen its limits or raise `max_attempts`"
        )

    def _candidate(self, index: int, vector: np.ndarray) -> Candidate:
        return Candidate(int(index) % self._generation_size, vector.copy(), self.space.decode(vector))
