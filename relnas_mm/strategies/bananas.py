"""BANANAS (White et al., AAAI 2021): Bayesian optimization with an ensemble of networks on path encodings."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.seeding import numpy_stream
from relnas_mm.spaces import Space
from relnas_mm.strategies.ensemble import EnsembleStrategy
from relnas_mm.strategies.mutation import mutate


class BANANAS(EnsembleStrategy):
    """Mutates the best architectures, and chooses by independent Thompson sampling from an ensemble.

    Per round an ensemble of five MLPs learns from all candidates; a proposal is promising if a draw from the normal
    distribution of its members' predictions is high.  Sizes are those of NASLib; the MLPs are ours (two layers of 64,
    one hundred steps instead of ten layers of 20 and 150 epochs).

    Args:
        space: The search space; it needs an encoding (`encoding_for`).
        queries: Number of candidates to evaluate.
        parents: Number of the best architectures that are mutated.
        **options: Options of `EnsembleStrategy`.

    Raises:
        UserError: A value is out of range, or the space has no encoding.
    """

    def __init__(self, space: Space, queries: int, parents: int = 2, **options: Any):
        super().__init__(space, queries, **options)
        self._check_least(parents=(parents, 1))
        self.parents = parents

    def _proposal(self, vectors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return mutate(vectors[rng.integers(min(self.parents, len(vectors)))], self.space, rng)

    def _promise(
        self, known: Sequence[Architecture], losses: np.ndarray, fresh: Sequence[Architecture]
    ) -> np.ndarray | None:
        ensemble = self._ensemble(known, losses)
        if ensemble is None:
            return None
        scores = ensemble.members(fresh)
        draws = numpy_stream(self.seed, "Thompson", len(known))
        return draws.normal(scores.mean(axis=0), scores.std(axis=0, ddof=1))
