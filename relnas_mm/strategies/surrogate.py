"""Base class of strategies in which a surrogate model chooses which proposals are evaluated."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError
from relnas_mm.predictors import encoding_for
from relnas_mm.seeding import numpy_stream
from relnas_mm.spaces import Space
from relnas_mm.strategies.distinct import DistinctStrategy
from relnas_mm.strategies.objectives import fitness

DRAWS = 20
"""A round gives up after this many draws per proposal, as the neighbourhood may be exhausted."""


class SurrogateStrategy(DistinctStrategy):
    """After random samples, rounds: proposals from the candidates so far, of which the most promising are evaluated.

    Subclasses implement `_proposal` and `_promise`.

    Args:
        space: The search space; it needs an encoding (`encoding_for`).
        queries: Number of candidates to evaluate.
        samples: Number of random architectures at the start, at least 2.
        proposals: Number of proposals per round, all new and different; fewer if draws find no more.
        batch: Smallest number of candidates per round, at most `proposals`.
        growth: A round evaluates at least this share of the number of candidates so far.
        **options: Options of `SequentialStrategy`.

    Raises:
        UserError: A value is out of range, or the space has no encoding.
    """

    def __init__(
        self, space: Space, queries: int, samples: int, proposals: int, batch: int, growth: float, **options: Any
    ):
        super().__init__(space, queries, **options)
        self._check_least(samples=(samples, 2), batch=(batch, 1))
        self._check_rates(growth=growth)
        if proposals < batch:
            raise UserError(
                f"proposals of {type(self).__name__} is {proposals!r} and batch {batch!r}; required: batch <= proposals"
            )
        self.samples, self.proposals, self.batch, self.growth = samples, proposals, batch, growth
        self._encoding = encoding_for(space, "flow")
        self._chosen: list[np.ndarray] = []
        self._chosen_from = 0

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restores the state from the result of `state_dict`."""
        super().load_state_dict(state)
        self._chosen_from = 0

    def _proposal(self, vectors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Proposes a vector, shape (d,).

        Args:
            vectors: Vectors of the candidates so far, the best first, shape (n, d).
            rng: Random generator.
        """
        raise NotImplementedError

    def _promise(
        self, known: Sequence[Architecture], losses: np.ndarray, fresh: Sequence[Architecture]
    ) -> np.ndarray | None:
        """How promising new architectures are, higher is better, one number each; `None` leaves them in their order.

        Args:
            known: The candidates before this round, in the order of evaluation.
            losses: Their losses, shape (n,), or (n, m) with several objectives.
            fresh: Architectures that were not evaluated yet.
        """
        raise NotImplementedError

    def _propose(self, rng: np.random.Generator) -> np.ndarray:
        if self._told >= self.samples:
            start = self._start_of_round()
            if self._chosen_from != start:
                self._chosen_from, self._chosen = start, self._choose(start)
            for vector in self._chosen:
                if self._fits(self.space.decode(vector)):
                    return vector
        return self.space.sample(rng, 1)[0]

    def _start_of_round(self) -> int:
        """Number of candidates before the current round."""
        start = self.samples
        while (following := start + self._batch_of(start)) <= self._told:
            start = following
        return start

    def _batch_of(self, known: int) -> int:
        return max(self.batch, int(self.growth * known + 1e-9))

    def _choose(self, known: int) -> list[np.ndarray]:
        """New proposals from the first `known` candidates, the most promising first."""
        rng = numpy_stream(self.seed, "lessons", known)
        vectors, losses = self._vectors[:known], self._losses[:known]
        best_first = vectors[np.argsort(fitness(losses, self.compare), kind="stable")]
        architectures = [self.space.decode(vector) for vector in vectors]
        seen, fresh = set(architectures), dict[Architecture, np.ndarray]()
        for _ in range(DRAWS * self.proposals):
            if len(fresh) == self.proposals:
                break
            vector = self._proposal(best_first, rng)
            if (architecture := self.space.decode(vector)) not in seen:
                fresh.setdefault(architecture, vector)
        chosen = list(fresh.values())
        promise = self._promise(architectures, losses, list(fresh)) if fresh else None
        return chosen if promise is None else [chosen[index] for index in np.argsort(-promise, kind="stable")]

    def _check_least(self, **counts: tuple[int, int]) -> None:
        for key, (value, least) in counts.items():
            if value < least:
                raise UserError(f"{key} of {type(self).__name__} is {value!r}; it must be at least {least}")

    def _check_rates(self, **rates: float) -> None:
        for key, rate in rates.items():
            if not 0 <= rate <= 1:
                raise UserError(f"{key} of {type(self).__name__} is {rate!r}; it must be from 0 to 1")
