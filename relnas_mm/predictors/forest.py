"""A forest of extremely randomized trees (Geurts et al., 2006): the baseline beside learned rankings, in NumPy."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from relnas_mm.errors import UserError
from relnas_mm.predictors.encodings import Encoding
from relnas_mm.predictors.predictor import checked_scores
from relnas_mm.seeding import numpy_stream

_LEAF = -1


@dataclass
class _Tree:
    """Nodes in the order in which they were made; a node's right child follows its left one."""

    features: list[int] = field(default_factory=list)
    thresholds: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, value: float) -> int:
        for column, entry in zip((self.features, self.thresholds, self.left, self.values), (_LEAF, 0.0, 0, value)):
            column.append(entry)  # type: ignore[arg-type]
        return len(self.values) - 1

    def predict(self, arrays: np.ndarray) -> np.ndarray:
        features, thresholds, left = (np.array(part) for part in (self.features, self.thresholds, self.left))
        nodes, rows = np.zeros(len(arrays), dtype=np.int64), np.arange(len(arrays))
        while len(inner := np.flatnonzero(features[nodes] != _LEAF)):
            at = nodes[inner]
            nodes[inner] = left[at] + (arrays[rows[inner], features[at]] > thresholds[at])
        return np.array(self.values)[nodes]


class Forest:
    """Predicts scores themselves, by the mean of trees whose splits are drawn at random and chosen by variance.

    Args:
        encoding: Turns architectures into arrays.
        trees: How many.
        smallest: Samples below which a node is not split.
        seed: Seed of the draws.

    Raises:
        UserError: A number is out of range.
    """

    def __init__(self, encoding: Encoding, trees: int = 30, smallest: int = 5, seed: int = 0):
        if trees < 1 or smallest < 2:
            raise UserError(f"trees of Forest is {trees!r} and smallest {smallest!r}; needed are at least 1 and 2")
        self.encoding, self.trees, self.smallest, self.seed = encoding, trees, smallest, seed
        self._grown: list[_Tree] = []

    def fit(self, architectures: Sequence[Any], scores: "Sequence[float] | np.ndarray") -> "Forest":
        """Learns from scored architectures.

        Raises:
            UserError: As `Predictor.fit`.
        """
        values, arrays = checked_scores(architectures, scores), self._arrays(architectures)
        self._grown = [self._grow(arrays, values, numpy_stream(self.seed, "tree", k)) for k in range(self.trees)]
        return self

    def predict(self, architectures: Sequence[Any]) -> np.ndarray:
        """Predicted scores, shape (n,)."""
        arrays = self._arrays(architectures)
        return np.mean([tree.predict(arrays) for tree in self._grown], axis=0)

    def _arrays(self, architectures: Sequence[Any]) -> np.ndarray:
        return self.encoding(architectures).reshape(len(architectures), -1)

    def _grow(self, arrays: np.ndarray, values: np.ndarray, rng: np.random.Generator) -> _Tree:
        tree = _Tree()
        waiting = [(tree.add(float(values.mean())), np.arange(len(values)))]
        while waiting:
            node, rows = waiting.pop()
            split = None if len(rows) < self.smallest else _split(arrays[rows], values[rows], rng)
            if split is None:
                continue
            feature, threshold = split
            right = arrays[rows, feature] > threshold
            tree.features[node], tree.thresholds[node] = feature, threshold
            parts = rows[~right], rows[right]
            children = [tree.add(float(values[part].mean())) for part in parts]
            tree.left[node] = children[0]
            waiting += zip(children, parts)
        return tree


def _split(arrays: np.ndarray, values: np.ndarray, rng: np.random.Generator) -> tuple[int, float] | None:
    """Feature and threshold of the best of some random splits; `None` where all samples look alike."""
    low, high = arrays.min(axis=0), arrays.max(axis=0)
    varied = np.flatnonzero(high > low)
    if not len(varied) or values.min() == values.max():
        return None
    chosen = rng.choice(varied, max(1, round(len(varied) / 3)), replace=False)
    thresholds = low[chosen] + rng.random(len(chosen)) * (high[chosen] - low[chosen])
    right = (arrays[:, chosen] > thresholds).astype(np.float64)
    count, centred = right.sum(axis=0), values - values.mean()
    sums = centred @ right
    count = np.clip(count, 1, len(values) - 1)  # float32 rounding may leave a side empty
    gain = sums**2 / count + sums**2 / (len(values) - count)
    best = int(np.argmax(gain))
    if not 0 < right[:, best].sum() < len(values):
        return None
    return int(chosen[best]), float(thresholds[best])
