"""Spaces in which each dimension is one choice of a fixed number of them."""

from collections.abc import Sequence

import numpy as np

from relnas_mm.spaces.space import checked_vectors, half_open_bins, uniform_sample


class GridSpace:
    """A box whose bins (k, k + 1] are the choices of each dimension; subclasses say what the choices stand for.

    Args:
        choices: How many choices each dimension has, shape (d,).
        edges: Which dimensions choose where a node reads from; by default none.
    """

    def __init__(self, choices: Sequence[int], edges: Sequence[bool] | None = None):
        self.upper = np.array(choices, dtype=np.float64)
        self.edges = np.zeros(len(choices), dtype=bool) if edges is None else np.array(edges)

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """`n` vectors, uniform on [0, upper], shape (n, d)."""
        return uniform_sample(self.upper, rng, n)

    def indices(self, vectors: np.ndarray) -> np.ndarray:
        """Choices by number, integers of the shape of `vectors`, (..., d).

        Raises:
            UserError: A vector is outside the box.
        """
        return half_open_bins(checked_vectors(vectors, self.upper))
