"""Performance predictors."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError
from relnas_mm.predictors.config import PredictorConfig
from relnas_mm.predictors.encodings import Encoding
from relnas_mm.predictors.fit import fit_network
from relnas_mm.seeding import stream_seed, torch_stream

_CHUNK = 2048


class Predictor:
    """Ranks architectures after training on scored ones; only the order of its scores is meaningful.

    Args:
        encoding: Encodes architectures as arrays.
        config: Settings.
        seed: Seed of the initial weights and of shuffling.
    """

    def __init__(self, encoding: Encoding, config: PredictorConfig, seed: int = 0):
        self.encoding, self.config, self.seed = encoding, config, seed
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(stream_seed(seed, "predictor"))
            self.network = config.build(encoding).eval()
        self.mean, self.scale = torch.zeros(encoding.shape), torch.ones(encoding.shape)

    def fit(self, architectures: Sequence[Architecture], scores: "Sequence[float] | np.ndarray") -> "Predictor":
        """Learns from scored architectures; on one CPU thread the result is the same each time.

        Args:
            architectures: At least two architectures.
            scores: Their scores, higher is better, shape (n,).

        Raises:
            UserError: There are fewer than two, or scores are not finite or all equal.
        """
        values = checked_scores(architectures, scores)
        arrays = torch.from_numpy(self.encoding(architectures))
        deviation, self.mean = torch.std_mean(arrays.double(), dim=0, correction=0)
        self.mean = self.mean.float()
        self.scale = torch.where(deviation > 1e-6 * self.mean.abs(), deviation, torch.ones_like(deviation)).float()
        targets = torch.from_numpy((values - values.min()) / np.ptp(values)).float()
        fit_network(self.network, self._scaled(arrays), targets, self.config, torch_stream(self.seed, "predictor"))
        return self

    @torch.no_grad()
    def members(self, architectures: Sequence[Architecture]) -> np.ndarray:
        """Scores by each member of the ensemble, higher is better, shape (members, n); LeNet has one member."""
        if not architectures:
            return np.empty((self.config.members, 0))
        parts = [architectures[start : start + _CHUNK] for start in range(0, len(architectures), _CHUNK)]
        outputs = [self.network(self._scaled(torch.from_numpy(self.encoding(part)))) for part in parts]
        return torch.cat(outputs, dim=1).double().numpy()

    def predict(self, architectures: Sequence[Architecture]) -> np.ndarray:
        """Scores, higher is better, shape (n,)."""
        return self.members(architectures).mean(axis=0)

    def _scaled(self, arrays: Tensor) -> Tensor:
        return (arrays - self.mean) / self.scale


def checked_scores(architectures: Sequence[Architecture], scores: "Sequence[float] | np.ndarray") -> np.ndarray:
    """Scores that something can be learned from.

    Raises:
        UserError: There are fewer than two, their number is not that of the architectures, or they are not finite or
            all equal.
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.shape != (len(architectures),):
        raise UserError(f"a predictor was given {len(architectures)} architectures and scores of shape {values.shape}")
    if len(values) < 2:
        raise UserError(f"a predictor was given {len(values)} scored architectures; it needs at least 2")
    if not np.isfinite(values).all():
        index = int(np.flatnonzero(~np.isfinite(values))[0])
        raise UserError(f"score {index} that a predictor was given is {values[index]}; scores must be finite")
    if math.isclose(values.min(), values.max(), rel_tol=1e-12):
        raise UserError(f"all {len(values)} scores that a predictor was given are {values[0]:g}; some must differ")
    return values
