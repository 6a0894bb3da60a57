"""Rejection sampling with a bounded number of attempts."""

from collections.abc import Callable

import numpy as np


def resample(
    propose: Callable[[int], np.ndarray], fits: Callable[[np.ndarray], bool] | None, max_attempts: int
) -> tuple[np.ndarray, np.ndarray]:
    """Takes the first fitting proposal for each row independently.

    Args:
        propose: Returns the proposals of an attempt, from 0, shape (n, ...).  It proposes all rows each time, so that
            rows do not depend on each other.
        fits: Whether a row is within the budget; `None` allows all.
        max_attempts: Maximum number of attempts, at least 1.

    Returns:
        The rows, shape (n, ...), and whether each of them fits, shape (n,).
    """
    rows = propose(0)
    if fits is None:
        return rows, np.ones(len(rows), dtype=bool)
    found = np.array([fits(row) for row in rows], dtype=bool)
    for attempt in range(1, max_attempts):
        if found.all():
            break
        proposals = propose(attempt)
        for row in np.flatnonzero(~found):
            if fits(proposals[row]):
                rows[row], found[row] = proposals[row], True
    return rows, found
