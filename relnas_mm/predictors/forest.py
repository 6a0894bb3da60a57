"""Extremely randomized trees (Geurts et al., 2006), a baseline of predictors."""

from collections.abc import Sequence

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError
from relnas_mm.predictors.encodings import Encoding
from relnas_mm.predictors.predictor import checked_scores
from relnas_mm.seeding import stream_seed


class Forest:
    """Regression of scores by scikit-learn's `ExtraTreesRegressor`; reproducible for equal seeds.

    Splits consider a third of the features: with all of them, scikit-learn's default, rankings of the tabular
        benchmarks
    are worse.

    Args:
        encoding: Encodes architectures as arrays.
        trees: Number of trees.
        min_samples_split: Least number of samples of a node that is split.
        seed: Random seed.

    Raises:
        UserError: A value is out of range, or scikit-learn is not installed.
    """

    def __init__(self, encoding: Encoding, trees: int = 30, min_samples_split: int = 5, seed: int = 0):
        if trees < 1 or min_samples_split < 2:
            raise UserError(
                f"trees of Forest is {trees!r} and min_samples_split {min_samples_split!r}; they must be >= 1 and 2"
            )
        try:
            from sklearn.ensemble import ExtraTreesRegressor
        except ImportError as error:
            raise UserError(
                f"Forest needs scikit-learn, which cannot be imported ({error}): pip install 'scikit-learn>=1.4'"
            ) from None
        self.encoding = encoding
        self._trees = ExtraTreesRegressor(
            trees,
            min_samples_split=min_samples_split,
            max_features=1 / 3,
            random_state=stream_seed(seed, "forest") % 2**32,
        )

    def fit(self, architectures: Sequence[Architecture], scores: "Sequence[float] | np.ndarray") -> "Forest":
        """Fits the trees to architectures and scores.

        Raises:
            UserError: As `Predictor.fit`.
        """
        values = checked_scores(architectures, scores)
        self._trees.fit(self._arrays(architectures), values)
        return self

    def predict(self, architectures: Sequence[Architecture]) -> np.ndarray:
        """Predicted scores, shape (n,)."""
        return self._trees.predict(self._arrays(architectures))

    def _arrays(self, architectures: Sequence[Architecture]) -> np.ndarray:
        return self.encoding(architectures).reshape(len(architectures), -1)
