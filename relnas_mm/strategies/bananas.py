"""BANANAS (White et al., AAAI 2021): Bayesian optimization with an ensemble of networks on path encodings."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.predictors import PredictorConfig
from relnas_mm.seeding import numpy_stream, stream_seed
from relnas_mm.spaces import Space
from relnas_mm.strategies.ensemble import ensemble_config, fit_ensemble
from relnas_mm.strategies.mutation import mutate
from relnas_mm.strategies.surrogate import SurrogateStrategy


class BANANAS(SurrogateStrategy):
    """Mutates the best architectures, and chooses by independent Thompson sampling from an ensemble.

    Per round an ensemble of five MLPs learns from all candidates; a proposal is promising if a draw from the normal
    distribution of its members' predictions is high.  Sizes are those of NASLib; the MLPs are ours (two layers of 64,
    one hundred steps instead of ten layers of 20 and 150 epochs).

    Args:
        space: The search space; it needs an encoding (`encoding_for`).
        queries: Number of candidates to evaluate.
        samples: Number of random architectures at the start, at least 2.
        parents: Number of the best architectures that are mutated.
        proposals: Number of proposals per round.
        batch: Smallest number of candidates per round.
        growth: A round evaluates at least this share of the number of candidates so far.
        predictor: Config of the ensemble (`predictor_config`); by default `ENSEMBLE`, which trains fast.
        **options: Options of `SequentialStrategy`, with a single objective.

    Raises:
        UserError: A value is out of range, or the space has no encoding.
    """

    def __init__(
        self,
        space: Space,
        queries: int,
        samples: int = 10,
        parents: int = 2,
        proposals: int = 100,
        batch: int = 10,
        growth: float = 0.0,
        predictor: "str | dict[str, Any] | PredictorConfig | None" = None,
        **options: Any,
    ):
        super().__init__(space, queries, samples, proposals, batch, growth, **options)
        self._check_least(parents=(parents, 1))
        self.parents, self.config = parents, ensemble_config(predictor, "BANANAS")

    def _proposal(self, vectors: np.ndarray, losses: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return mutate(vectors[rng.integers(min(self.parents, len(vectors)))], self.space, rng)

    def _promise(
        self, known: Sequence[Architecture], losses: np.ndarray, fresh: Sequence[Architecture]
    ) -> np.ndarray | None:
        seed = stream_seed(self.seed, "surrogate", len(known))
        ensemble = fit_ensemble(self._encoding, self.config, known, losses, seed)
        if ensemble is None:
            return None
        scores = ensemble.members(fresh)
        draws = numpy_stream(self.seed, "Thompson", len(known))
        return draws.normal(scores.mean(axis=0), scores.std(axis=0, ddof=1))
