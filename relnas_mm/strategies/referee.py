"""A referee for slow-fast learning: a predictor can often say who of two is better without training them."""

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
    """How far margins of a predictor can be trusted, learned from duels that were fought after it had said its word.

    Args:
        margins: What the predictor said, positive for the first of the pair.
        outcomes: 1 where the first one won, else 0.
        weights: How many duels each of them stands for.
    """

    margins: list[float] = field(default_factory=list)
    outcomes: list[float] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    _fitted: tuple[int, float] = (0, 1.0)

    def add(self, margin: float, first_won: bool, weight: float) -> None:
        """Takes the outcome of a duel."""
        for column, value in zip((self.margins, self.outcomes, self.weights), (margin, float(first_won), weight)):
            column.append(float(value))

    def temperature(self) -> float:
        """What margins are divided by: the most likely one of `TEMPERATURES` for the last 200 duels."""
        if self._fitted[0] != len(self.margins):
            margins, outcomes, weights = (np.array(column[-_RECENT:]) for column in self._columns())
            logits = (2 * outcomes - 1) * margins / TEMPERATURES[:, None]
            likely = np.argmin((weights * np.logaddexp(0.0, -logits)).sum(axis=1))
            self._fitted = len(self.margins), float(TEMPERATURES[likely])
        return self._fitted[1]

    def state_dict(self) -> dict[str, np.ndarray]:
        """All duels, shape (3, n)."""
        return {"duels": np.array(self._columns(), dtype=np.float64).reshape(3, -1)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Takes what `state_dict` gave."""
        self.margins, self.outcomes, self.weights = np.asarray(state["duels"]).reshape(3, -1).tolist()
        self._fitted = 0, 1.0

    def _columns(self) -> tuple[list[float], list[float], list[float]]:
        return self.margins, self.outcomes, self.weights


class Referee:
    """Says who of two wins, or that it does not know.

    Args:
        encoding: Turns architectures into arrays.
        config: How its predictors are trained.
        seed: Seed of them.
        confidence: How sure it must be to say something, above 0.5; 1 lets it never speak.
        duels: How many duels must have been fought after its first predictor before it says anything.
        detrend: As `scores_of`: how many losses share their circumstances.

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
        """Trains its predictor anew; losses that are all equal teach nothing and change nothing."""
        scores = scores_of(losses, self._detrend)
        if len(scores) < 2 or np.ptp(scores) == 0:
            return
        self._predictor = Predictor(self.encoding, self.config, self.seed + len(scores)).fit(architectures, scores)
        self._scale = np.stack([np.sort(self._predictor.predict(architectures)), np.sort(-scores)[::-1]])

    def margin(self, pair: Sequence[Architecture]) -> tuple[float, list[float]] | None:
        """How much better it thinks the first one is, and the losses that it expects; `None` before it learned."""
        if self._predictor is None:
            return None
        scores = self._predictor.predict(pair)
        return float(scores[0] - scores[1]), np.interp(scores, self._scale[0], self._scale[1]).tolist()

    def sure(self, margin: float) -> bool:
        """Whether a margin is enough."""
        if self.confidence == 1 or len(self.calibration.margins) < self.duels:
            return False
        return 1 / (1 + np.exp(-min(abs(margin) / self.calibration.temperature(), 500.0))) >= self.confidence
