"""The Mann-Whitney rank test, effect sizes with intervals, and Holm's correction for multiple tests."""

import itertools
import math
from collections.abc import Sequence

import numpy as np

EXACT_UP_TO = 20_000
"""Largest number of permutations for which the test is exact."""


def mann_whitney(first: Sequence[float], second: Sequence[float]) -> float:
    """Two-sided p-value of the Mann-Whitney test that neither sample tends to be larger.

    It is exact, including ties, for small samples, else the normal approximation with corrections for ties and
    continuity.

    Args:
        first: Values of one sample, such as one per seed.
        second: Those of the other.
    """
    from scipy.stats import mannwhitneyu, rankdata  # slow to import

    n, total = len(first), len(first) + len(second)
    if math.comb(total, n) > EXACT_UP_TO:
        return float(mannwhitneyu(first, second, method="asymptotic").pvalue)
    # SciPy's exact method does not support ties, and its permutation test needs two values per sample.
    ranks = rankdata([*first, *second])
    expected = n * (total + 1) / 2
    sums = ranks[list(itertools.combinations(range(total), n))].sum(axis=1)
    return float(np.mean(np.abs(sums - expected) >= abs(ranks[:n].sum() - expected) - 1e-9))


def smallest_p(first: int, second: int) -> float:
    """Smallest p-value that the exact `mann_whitney` can give.

    Args:
        first: Number of values of the first sample, at least 1.
        second: That of the second.
    """
    return min(1.0, 2 / math.comb(first + second, first))


def values_needed(tests: int, level: float) -> int:
    """Smallest number of values in each of two samples with which one of several tests can become significant.

    Args:
        tests: Number of tests that Holm's method corrects for, at least 1.
        level: Significance level, 0 to 1.
    """
    return next(count for count in itertools.count(1) if tests * smallest_p(count, count) < level)


def superiority(first: Sequence[float], second: Sequence[float]) -> float:
    """Probability that a value of the first sample is above one of the second, ties half: Vargha and Delaney's A."""
    one, other = np.asarray(first, dtype=float)[:, None], np.asarray(second, dtype=float)
    return float((one > other).mean() + (one == other).mean() / 2)


def mean_difference(
    first: Sequence[float], second: Sequence[float], confidence: float = 0.95
) -> tuple[float, float, float] | None:
    """Difference of two means with Welch's interval; `None` for samples of one value, and if a value is infinite.

    Args:
        first: Values of one sample.
        second: Those of the other.
        confidence: Confidence level of the interval, 0 to 1.

    Returns:
        First minus second, and the ends of the interval.
    """
    from scipy.stats import ttest_ind  # slow to import

    if min(len(first), len(second)) < 2 or not np.isfinite([*first, *second]).all():
        return None
    difference = float(np.mean(first) - np.mean(second))
    if np.ptp(first) == np.ptp(second) == 0.0:  # SciPy would divide by zero
        return difference, difference, difference
    interval = ttest_ind(first, second, equal_var=False).confidence_interval(confidence)
    return difference, float(interval.low), float(interval.high)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusts p-values by Holm's method, which controls the family-wise error rate.

    Args:
        p_values: p-values of all tests of the family.
    """
    count = len(p_values)
    order = sorted(range(count), key=lambda index: p_values[index])
    corrected, largest = [0.0] * count, 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (count - rank) * p_values[index]))
        corrected[index] = largest
    return corrected
