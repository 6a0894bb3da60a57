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
    from scipy.stats import mannwhitneyu, rankdata  # slow to import

    n, total = len(first), len(first) + len(second)
    if math.comb(total, n) > EXACT_UP_TO:
        return float(mannwhitneyu(first, second, method="asymptotic").pvalue)
    # SciPy's exact method takes no ties, and its permutation test no sample of one value.
    ranks = rankdata([*first, *second])
    expected = n * (total + 1) / 2
    sums = ranks[list(itertools.combinations(range(total), n))].sum(axis=1)
    return float(np.mean(np.abs(sums - expected) >= abs(ranks[:n].sum() - expected) - 1e-9))


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
