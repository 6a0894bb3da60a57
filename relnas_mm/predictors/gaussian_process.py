"""Gaussian process regression of architectures' ranks, with uncertainty (Rasmussen and Williams, 2006, chapter 2)."""

import itertools

import numpy as np

LENGTH_SCALES = (0.5, 1.0, 2.0)
NOISES = (0.01, 0.1)
"""Hyperparameters, in units of the standardized features and targets, from which the likelihood chooses."""


class GaussianProcess:
    """A squared-exponential kernel on standardized features; targets are normal scores of ranks.

    Targets depend on the order of the losses only, so outliers, diverged candidates and the unit do not matter.

    Args:
        features: Encoded architectures, shape (n, d), n at least 2.
        losses: Their losses, lower is better, shape (n,); infinite for diverged ones.
    """

    def __init__(self, features: np.ndarray, losses: np.ndarray):
        from scipy.linalg import cho_factor, cho_solve  # slow to import
        from scipy.special import ndtri
        from scipy.stats import rankdata

        self._mean, self._scale = features.mean(axis=0), features.std(axis=0) + 1e-9
        self._known = (features - self._mean) / self._scale
        self.targets = ndtri((rankdata(-losses) - 0.5) / len(losses))
        """Normal scores, higher is better, shape (n,)."""
        distances = _distances(self._known, self._known)
        best = -np.inf
        for length_scale, noise in itertools.product(LENGTH_SCALES, NOISES):
            kernel = np.exp(-distances / (2 * length_scale**2)) + noise * np.eye(len(losses))
            factor = cho_factor(kernel, lower=True)
            weights = cho_solve(factor, self.targets)
            likelihood = -0.5 * self.targets @ weights - np.log(np.diag(factor[0])).sum()
            if likelihood > best:
                best, self._length_scale, self._factor, self._weights = likelihood, length_scale, factor, weights

    def predict(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the targets of other architectures.

        Args:
            features: Shape (m, d).

        Returns:
            Two arrays of shape (m,).
        """
        from scipy.linalg import cho_solve

        others = (features - self._mean) / self._scale
        kernel = np.exp(-_distances(others, self._known) / (2 * self._length_scale**2))
        explained = np.einsum("ij,ji->i", kernel, cho_solve(self._factor, kernel.T))
        return kernel @ self._weights, np.sqrt(np.maximum(1.0 - explained, 1e-9))


def _distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Mean squared differences, shape (n, m)."""
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None]
    return np.maximum(squares - 2 * first @ second.T, 0.0) / first.shape[1]
