"""NPENAS (Wei et al., TNNLS 2022): evolution with many children per parent, of which a neural predictor chooses."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.spaces import Space
from relnas_mm.strategies.ensemble import EnsembleStrategy
from relnas_mm.strategies.mutation import mutate


class NPENAS(EnsembleStrategy):
    """Parents win binary tournaments among the best; the children with the best predictions are evaluated.

    The predictor is an ensemble of MLPs on path encodings, of which the mean counts; that of the paper is a graph
    network.

    Args:
        space: The search space; it needs an encoding (`encoding_for`).
        queries: Number of candidates to evaluate.
        population_size: Number of the best architectures from which parents are selected, at least 2.
        **options: Options of `EnsembleStrategy`.

    Raises:
        UserError: A value is out of range, or the space has no encoding.
    """

    def __init__(self, space: Space, queries: int, population_size: int = 30, **options: Any):
        super().__init__(space, queries, **options)
        self._check_least(population_size=(population_size, 2))
        self.population_size = population_size

    def _proposal(self, vectors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        parent = rng.choice(min(self.population_size, len(vectors)), 2, replace=False).min()  # sorted, the best first
        return mutate(vectors[parent], self.space, rng)

    def _promise(
        self, known: Sequence[Architecture], losses: np.ndarray, fresh: Sequence[Architecture]
    ) -> np.ndarray | None:
        ensemble = self._ensemble(known, losses)
        return None if ensemble is None else ensemble.predict(fresh)
