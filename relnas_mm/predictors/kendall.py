"""Kendall's rank correlation."""

import math
from collections.abc import Sequence

import numpy as np


def kendall_tau(first: "Sequence[float] | np.ndarray", second: "Sequence[float] | np.ndarray") -> float:
    """Kendall's tau-a: concordant minus discordant pairs over all pairs; ties are neither.

    ReNAS reports tau-a.  SciPy computes tau-b, which divides the same difference by the geometric mean of the numbers
    of untied pairs in each ranking; multiplying by it and rounding recovers the difference exactly.

    Args:
        first: Scores, shape (n,), n at least 2.
        second: Other scores of the same items, shape (n,).

    Returns:
        A value from -1 to 1; NaN if a score is NaN.
    """
    from scipy.stats import kendalltau  # slow to import

    if np.isnan(first).any() or np.isnan(second).any():
        return math.nan
    pairs = math.comb(len(first), 2)
    untied = [pairs - _tied_pairs(scores) for scores in (first, second)]
    if not all(untied):
        return 0.0
    tau_b = kendalltau(first, second).statistic  # type: ignore[attr-defined]
    difference = round(tau_b * math.sqrt(math.prod(untied)))
    return difference / pairs


def _tied_pairs(scores: "Sequence[float] | np.ndarray") -> int:
    counts = np.unique(scores, return_counts=True)[1]
    return int((counts * (counts - 1) // 2).sum())
