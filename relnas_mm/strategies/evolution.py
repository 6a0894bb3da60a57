"""Regularized evolution (Real et al., AAAI 2019): tournament selection with removal of the oldest individual."""

from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError
from relnas_mm.spaces import Space
from relnas_mm.strategies.mutation import check_rate, mutate
from relnas_mm.strategies.objectives import fitness
from relnas_mm.strategies.sequential import SequentialStrategy


class RegularizedEvolution(SequentialStrategy):
    """Evaluates a random population, then repeatedly a mutation of the best of a random sample of the population.

    The population consists of the last `population_size` candidates.  A child differs from its parent in one operation
    or one input of a node, and is a different architecture.

    Args:
        space: The search space.
        queries: Number of candidates to evaluate, including the initial population.
        population_size: Size of the population.
        tournament_size: Size of the sample from which a parent is selected.
        edge_rate: Probability that a mutation changes an input of a node instead of an operation; `None` chooses
            uniformly among all dimensions.
        **options: Options of `SequentialStrategy`.  After `max_attempts` the parent itself is evaluated again; several
            objectives are compared by `compare`.

    Raises:
        UserError: A number is out of range.
    """

    def __init__(
        self,
        space: Space,
        queries: int,
        population_size: int = 100,
        tournament_size: int = 25,
        edge_rate: float | None = None,
        **options: Any,
    ):
        super().__init__(space, queries, **options)
        if not 1 <= tournament_size <= population_size:
            raise UserError(
                f"population_size of RegularizedEvolution is {population_size!r} and tournament_size "
                f"{tournament_size!r}; required: 1 <= tournament_size <= population_size"
            )
        check_rate(edge_rate)
        self.population_size, self.tournament_size = population_size, tournament_size
        self.edge_rate = edge_rate
        self._parent: np.ndarray | None = None

    def _propose(self, rng: np.random.Generator) -> np.ndarray:
        if self._told < self.population_size:
            self._parent = None
            return self.space.sample(rng, 1)[0]
        oldest = self._told - self.population_size
        sample = oldest + rng.choice(self.population_size, self.tournament_size, replace=False)
        self._parent = self._vectors[sample[np.argmin(fitness(self._losses[sample], self.compare))]]
        return mutate(self._parent, self.space, rng, self.edge_rate)

    def _fits(self, architecture: Architecture) -> bool:
        if self._parent is not None and architecture == self.space.decode(self._parent):
            return False
        return super()._fits(architecture)

    def _without_fit(self, vector: np.ndarray) -> np.ndarray:
        return super()._without_fit(vector) if self._parent is None else self._parent
