"""Base class of strategies that evaluate no architecture twice."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError
from relnas_mm.spaces import Space
from relnas_mm.strategies.sequential import SequentialStrategy


class DistinctStrategy(SequentialStrategy):
    """Accepts no architecture that was evaluated before, unless `max_attempts` find no other within the budget.

    Args:
        space: The search space.
        queries: Number of candidates to evaluate.
        **options: Options of `SequentialStrategy`.

    Attributes:
        single_objective: Whether the strategy supports a single objective only.

    Raises:
        UserError: A number is out of range, or there are several objectives for a strategy that supports one.
    """

    single_objective: ClassVar[bool] = True

    def __init__(self, space: Space, queries: int, **options: Any):
        super().__init__(space, queries, **options)
        if self.single_objective and self.objectives > 1:
            raise UserError(f"objectives of {type(self).__name__} is {self.objectives!r}; it supports 1 only")
        self._seen: set[Architecture] = set()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restores the state from the result of `state_dict`."""
        super().load_state_dict(state)
        self._seen = {self.space.decode(vector) for vector in self.vectors}

    def _fits(self, architecture: Architecture) -> bool:
        return architecture not in self._seen and super()._fits(architecture)

    def _without_fit(self, vector: np.ndarray) -> np.ndarray:
        """Evaluates a known architecture again if no new one was found."""
        return vector if super()._fits(self.space.decode(vector)) else super()._without_fit(vector)

    def _learn(self) -> None:
        self._seen.add(self.space.decode(self._vectors[self._told - 1]))
