"""Agreement of two rankings."""

import math
from collections.abc import Sequence

import numpy as np


def kendall_tau(first: "Sequence[float] | np.ndarray", second: "Sequence[float] | np.ndarray") -> float:
    """Kendall's tau-a: concordant minus discordant pairs, as a share of all pairs (ties count as neither).

    ReNAS reports tau-a. SciPy gives tau-b, which divides the same difference by the geometric mean of the pairs that
    are not tied in each ranking; multiplying by it and rounding gives the difference back exactly.

    Args:
        first: Scores, shape (n,) with n at least 2.
        second: Other scores of the same things.

    Returns:
        From -1 to 1; NaN if a score is NaN.
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
