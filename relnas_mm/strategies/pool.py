"""The architectures of a space that a predictor ranks highest, by enumeration or by evolution."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.predictors import Predictor
from relnas_mm.spaces import Space
from relnas_mm.strategies.base import Feasible
from relnas_mm.strategies.evolution import RegularizedEvolution
from relnas_mm.strategies.mutation import choice_counts

LISTED_UP_TO = 50_000
"""Largest number of combinations of choices for which a space is enumerated."""


class Pool:
    """Finds the architectures that a predictor ranks highest.

    Args:
        space: The search space.
        feasible: Whether an architecture is within the budget; `None` allows all.
        calls: Number of architectures that regularized evolution evaluates by the predictor, in spaces too large to
            enumerate.
        population_size: Population size of that evolution, whose tournament size is a tenth of it.
        max_attempts: As for `RegularizedEvolution`.
    """

    def __init__(self, space: Space, feasible: Feasible | None, calls: int, population_size: int, max_attempts: int):
        self.space, self.feasible, self.max_attempts = space, feasible, max_attempts
        self.calls, self.population_size = calls, min(population_size, calls)
        self._listed: tuple[np.ndarray, list[Architecture]] | None = None

    def best(self, predictor: Predictor, count: int, known: Callable[[Architecture], bool], seed: int) -> np.ndarray:
        """The vectors of the best architectures that are not known yet, best first, shape (at most count, d).

        Args:
            predictor: A fitted predictor.
            count: Number of architectures.
            known: Whether an architecture is skipped as known.
            seed: Seed of the evolution.
        """
        if np.prod(choice_counts(self.space), dtype=float) <= LISTED_UP_TO:
            vectors, architectures = self._all()
        else:
            vectors, architectures = self._evolved(predictor, seed)
        chosen: dict[Any, int] = {}
        for index in np.argsort(-predictor.predict(architectures), kind="stable").tolist():
            if len(chosen) == count:
                break
            if not known(architectures[index]):
                chosen.setdefault(architectures[index], index)
        return vectors[list(chosen.values())]

    def _all(self) -> tuple[np.ndarray, list[Architecture]]:
        if self._listed is None:
            counts = choice_counts(self.space).tolist()
            self._listed = self._fitting(np.indices(counts).reshape(len(counts), -1).T + 0.5)
        return self._listed

    def _fitting(self, vectors: np.ndarray) -> tuple[np.ndarray, list[Architecture]]:
        architectures = [self.space.decode(vector) for vector in vectors]
        if self.feasible is None:
            return vectors, architectures
        fits = [self.feasible(architecture) for architecture in architectures]
        return vectors[fits], [architecture for architecture, fit in zip(architectures, fits) if fit]

    def _evolved(self, predictor: Predictor, seed: int) -> tuple[np.ndarray, Sequence[Architecture]]:
        evolution = RegularizedEvolution(
            self.space,
            self.calls,
            self.population_size,
            max(self.population_size // 10, 1),
            seed=seed,
            feasible=self.feasible,
            max_attempts=self.max_attempts,
        )
        architectures = []
        while not evolution.done:
            group = evolution.ask()
            architectures.append(group.candidates[0].architecture)
            evolution.tell(group, (-predictor.predict(architectures[-1:])).tolist())
        return evolution.vectors, architectures
