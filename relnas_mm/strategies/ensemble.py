"""Base class of BANANAS and NPENAS, which choose by an ensemble of networks."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError
from relnas_mm.predictors import Predictor, PredictorConfig, predictor_config
from relnas_mm.seeding import stream_seed
from relnas_mm.spaces import Space
from relnas_mm.strategies.labels import scores_of
from relnas_mm.strategies.surrogate import SurrogateStrategy

ENSEMBLE = PredictorConfig(
    encoding="flow",
    network="ensemble",
    loss="mse",
    epochs=100,
    most_steps=100,
    batch_size=128,
    lr=0.01,
    weight_decay=0.3,
    schedule="cosine",
    keep_best=False,
    members=5,
    hidden=64,
)
"""An ensemble of small MLPs that learns in a fraction of a second, as it is trained anew each round."""


def ensemble_config(setting: "str | dict[str, Any] | PredictorConfig | None", strategy: str) -> PredictorConfig:
    """Settings of an ensemble on path encodings.

    Args:
        setting: As for `predictor_config`; `None` for `ENSEMBLE`.
        strategy: Name of the strategy, for the error message.

    Raises:
        UserError: A value is invalid, or the predictor is no ensemble of at least two members.
    """
    config = ENSEMBLE if setting is None else predictor_config(setting)
    if config.network != "ensemble" or config.members < 2:
        raise UserError(
            f"the predictor of {strategy} has the network {config.network!r} and {config.members} members; it must be "
            "an 'ensemble' of at least 2"
        )
    return config


class EnsembleStrategy(SurrogateStrategy):
    """A surrogate strategy whose model is an ensemble of networks on path encodings; sizes are those of NASLib.

    Args:
        space: The search space; it needs an encoding (`encoding_for`).
        queries: Number of candidates to evaluate.
        samples: Number of random architectures at the start, at least 2.
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
        proposals: int = 100,
        batch: int = 10,
        growth: float = 0.0,
        predictor: "str | dict[str, Any] | PredictorConfig | None" = None,
        **options: Any,
    ):
        super().__init__(space, queries, samples, proposals, batch, growth, **options)
        self.config = ensemble_config(predictor, type(self).__name__)

    def _ensemble(self, known: Sequence[Architecture], losses: np.ndarray) -> Predictor | None:
        """An ensemble trained on the candidates so far; `None` if all losses are equal, which teach nothing."""
        scores = scores_of(losses)
        if np.ptp(scores) == 0.0:
            return None
        seed = stream_seed(self.seed, "surrogate", len(known))
        return Predictor(self._encoding, self.config, seed).fit(known, scores)
