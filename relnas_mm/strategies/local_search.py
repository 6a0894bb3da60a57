"""Local search (White et al., UAI 2021): move to better neighbours, and restart at local optima."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from relnas_mm.seeding import numpy_stream
from relnas_mm.spaces import Space
from relnas_mm.strategies.distinct import DistinctStrategy
from relnas_mm.strategies.mutation import neighbours


class LocalSearch(DistinctStrategy):
    """Evaluates the neighbours of a random start in random order, and moves to the first with a lower loss.

    Neighbours differ in one choice.  Evaluated architectures are skipped.  At a local optimum the search restarts at a
    random vector.

    Args:
        space: The search space.
        queries: Number of candidates to evaluate.
        **options: Options of `SequentialStrategy`, with a single objective.

    Raises:
        UserError: A number is out of range.
    """

    def __init__(self, space: Space, queries: int, **options: Any):
        super().__init__(space, queries, **options)
        self._centre = -1
        self._around: list[np.ndarray] = []

    def state_dict(self) -> dict[str, Any]:
        """As `SequentialStrategy.state_dict`, with the index of the candidate whose neighbours are evaluated."""
        return {**super().state_dict(), "centre": self._centre}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restores the state from the result of `state_dict`."""
        super().load_state_dict(state)
        self._look_around(int(state["centre"]))

    def _propose(self, rng: np.random.Generator) -> np.ndarray:
        while self._around:
            vector = self._around[-1]
            if self._fits(self.space.decode(vector)):
                return vector
            self._around.pop()
        self._centre = -1
        return self.space.sample(rng, 1)[0]

    def _learn(self) -> None:
        newest = self._told - 1
        super()._learn()
        if self._centre < 0 or self._losses[newest] < self._losses[self._centre]:
            self._look_around(newest)

    def _look_around(self, centre: int) -> None:
        self._centre = centre
        self._around = []
        if centre >= 0:
            around = neighbours(self._vectors[centre], self.space)
            order = numpy_stream(self.seed, "neighbours", centre).permutation(len(around))
            self._around = [around[index] for index in order]
