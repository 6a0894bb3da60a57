"""A referee for slow-fast learning: a predictor that decides pairs without training them when it is confident."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError
from relnas_mm.predictors import Encoding, Predictor, PredictorConfig
from relnas_mm.strategies.labels import scores_of

TEMPERATURES = np.geomspace(0.05, 50.0, 61)
_RECENT = 200


@dataclass
class Calibration:
    """Temperature scaling of a predictor's margins, fitted on trained pairs that the predictor had not seen.

    Args:
        margins: Predicted margins, positive for the first of a pair.
        outcomes: 1 where the first of a pair won, else 0.
        weights: Sample weights of the pairs.
    """

    margins: list[float] = field(default_factory=list)
    outcomes: list[float] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    _fitted: tuple[int, float] = (0, 1.0)

    def add(self, margin: float, first_won: bool, weight: float) -> None:
        """Adds a trained pair."""
        for column, value in zip((self.margins, self.outcomes, self.weights), (margin, float(first_won), weight)):
            column.append(float(value))

    def temperature(self) -> float:
        """The maximum-likelihood temperature among `TEMPERATURES` for the last 200 pairs."""
        if self._fitted[0] != len(self.margins):
            margins, outcomes, weights = (np.array(column[-_RECENT:]) for column in self._columns())
            logits = (2 * outcomes - 1) * margins / TEMPERATURES[:, None]
            likely = np.argmin((weights * np.logaddexp(0.0, -logits)).sum(axis=1))
            self._fitted = len(self.margins), float(TEMPERATURES[likely])
        return self._fitted[1]

    def state_dict(self) -> dict[str, np.ndarray]:
        """All pairs as columns, shape (3, n)."""
        return {"duels": np.array(self._columns(), dtype=np.float64).reshape(3, -1)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restores the state from the result of `state_dict`."""
        self.margins, self.outcomes, self.weights = np.asarray(state["duels"]).reshape(3, -1).tolist()
        self._fitted = 0, 1.0

    def _columns(self) -> tuple[list[float], list[float], list[float]]:
        return self.margins, self.outcomes, self.weights


class Referee:
    """Predicts which of two architectures is better, with a calibrated confidence.

    Args:
        encoding: Encodes architectures as arrays.
        config: Settings of its predictors.
        seed: Seed of its predictors.
        confidence: Least probability at which it decides, above 0.5; 1 disables it.
        duels: Number of calibration pairs before it decides.
        detrend: `generation_size` of `scores_of`.

    Raises:
        UserError: A number is out of range.
    """

    def __init__(
        self,
        encoding: Encoding,
        config: PredictorConfig,
        seed: int,
        confidence: float = 0.95,
        duels: int = 20,
        detrend: int = 0,
    ):
        if not 0.5 < confidence <= 1:
            raise UserError(f"confidence of the referee is {confidence!r}; it must be above 0.5 and at most 1")
        if duels < 1:
            raise UserError(f"duels of the referee is {duels!r}; it must be at least 1")
        self.encoding, self.config, self.seed, self.confidence, self.duels = encoding, config, seed, confidence, duels
        self.calibration = Calibration()
        self._detrend = detrend
        self._predictor: Predictor | None = None
        self._scale = np.zeros((2, 1))

    def learn(self, architectures: Sequence[Architecture], losses: np.ndarray) -> None:
        """Retrains its predictor, unless all losses are equal."""
        scores = scores_of(losses, self._detrend)
        if len(scores) < 2 or np.ptp(scores) == 0:
            return
        self._predictor = Predictor(self.encoding, self.config, self.seed + len(scores)).fit(architectures, scores)
        self._scale = np.stack([np.sort(self._predictor.predict(architectures)), np.sort(-scores)[::-1]])

    def margin(self, pair: Sequence[Architecture]) -> tuple[float, list[float]] | None:
        """Predicted margin of the first of a pair, and the expected losses; `None` before it is trained."""
        if self._predictor is None:
            return None
        scores = self._predictor.predict(pair)
        return float(scores[0] - scores[1]), np.interp(scores, self._scale[0], self._scale[1]).tolist()

    def sure(self, margin: float) -> bool:
        """Whether a margin is large enough to decide."""
        if self.confidence == 1 or len(self.calibration.margins) < self.duels:
            return False
        return 1 / (1 + np.exp(-min(abs(margin) / self.calibration.temperature(), 500.0))) >= self.confidence
