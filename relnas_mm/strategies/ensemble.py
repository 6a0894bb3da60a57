"""The ensemble of networks from which BANANAS and NPENAS choose."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError
from relnas_mm.predictors import Encoding, Predictor, PredictorConfig, predictor_config
from relnas_mm.strategies.labels import scores_of

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


def fit_ensemble(
    encoding: Encoding, config: PredictorConfig, known: Sequence[Architecture], losses: np.ndarray, seed: int
) -> Predictor | None:
    """An ensemble trained on evaluated candidates; `None` if all losses are equal, from which nothing can be learned.

    Args:
        encoding: The path encoding of the space.
        config: Settings.
        known: Candidates in the order of evaluation, at least two.
        losses: Their losses, lower is better, shape (n,); infinite for diverged ones.
        seed: Seed of the initial weights and of shuffling.
    """
    scores = scores_of(losses)
    return None if np.ptp(scores) == 0.0 else Predictor(encoding, config, seed).fit(known, scores)
