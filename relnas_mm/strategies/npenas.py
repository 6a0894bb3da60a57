"""NPENAS (Wei et al., TNNLS 2022): evolution with many children per parent, of which a neural predictor chooses."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.predictors import PredictorConfig
from relnas_mm.seeding import stream_seed
from relnas_mm.spaces import Space
from relnas_mm.strategies.ensemble import ensemble_config, fit_ensemble
from relnas_mm.strategies.mutation import mutate
from relnas_mm.strategies.surrogate import SurrogateStrategy


class NPENAS(SurrogateStrategy):
    """Parents win binary tournaments among the best; the children with the best predictions are evaluated.

    The predictor is an ensemble of MLPs on path encodings, of which the mean counts; that of the paper is a graph
    network.

    Args:
        space: The search space; it needs an encoding (`encoding_for`).
        queries: Number of candidates to evaluate.
        samples: Number of random architectures at the start, at least 2.
        population_size: Number of the best architectures from which parents are selected, at least 2.
        proposals: Number of children per round.
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
        population_size: int = 30,
        proposals: int = 100,
        batch: int = 10,
        growth: float = 0.0,
        predictor: "str | dict[str, Any] | PredictorConfig | None" = None,
        **options: Any,
    ):
        super().__init__(space, queries, samples, proposals, batch, growth, **options)
        self._check_least(population_size=(population_size, 2))
        self.population_size, self.config = population_size, ensemble_config(predictor, "NPENAS")

    def _proposal(self, vectors: np.ndarray, losses: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        parent = rng.choice(min(self.population_size, len(vectors)), 2, replace=False).min()  # sorted, the best first
        return mutate(vectors[parent], self.space, rng)

    def _promise(
        self, known: Sequence[Architecture], losses: np.ndarray, fresh: Sequence[Architecture]
    ) -> np.ndarray | None:
        seed = stream_seed(self.seed, "surrogate", len(known))
        ensemble = fit_ensemble(self._encoding, self.config, known, losses, seed)
        return None if ensemble is None else ensemble.predict(fresh)
