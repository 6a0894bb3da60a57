"""Is a difference more than luck: Mann and Whitney's rank test, and Holm's correction for many tests."""

import itertools
import math
from collections.abc import Sequence

import numpy as np

EXACT_UP_TO = 20_000
"""Number of ways to split the values up to which the test counts all of them."""


def mann_whitney(first: Sequence[float], second: Sequence[float]) -> float:
    """Two-sided p-value of Mann and Whitney's test that neither sample tends to be larger.

    It is exact, ties included, where there are few values; else the normal approximation with corrections for ties and
    continuity.

    Args:
        first: Values of one strategy, one for each seed.
        second: Those of the other.
    """
    values = np.concatenate([first, second])
    n, m = len(first), len(second)
    ranks = mean_ranks(values)
    distance = abs(ranks[:n].sum() - n * (n + m + 1) / 2)
    if math.comb(n + m, n) <= EXACT_UP_TO:
        splits = np.array(list(itertools.combinations(range(n + m), n)))
        distances = np.abs(ranks[splits].sum(axis=1) - n * (n + m + 1) / 2)
        return float(np.mean(distances >= distance - 1e-9))
    counts = np.unique(values, return_counts=True)[1]
    total = n + m
    ties = float((counts**3 - counts).sum()) / (total * (total - 1))
    variance = n * m / 12 * (total + 1 - ties)
    if variance <= 0:
        return 1.0
    return math.erfc(max(distance - 0.5, 0.0) / math.sqrt(2 * variance))


def mean_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 on; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's corrected p-values: below a level together only with that probability if nothing differs.

    Args:
        p_values: Of all tests that are read side by side.
    """
    count = len(p_values)
    order = sorted(range(count), key=lambda place: p_values[place])
    corrected, largest = [0.0] * count, 0.0
    for position, place in enumerate(order):
        largest = max(largest, min(1.0, (count - position) * p_values[place]))
        corrected[place] = largest
    return corrected
