"""Drawing again what the budget does not allow, a bounded number of times."""

from collections.abc import Callable

import numpy as np


def resample(
    propose: Callable[[int], np.ndarray], fits: Callable[[np.ndarray], bool] | None, max_attempts: int
) -> tuple[np.ndarray, np.ndarray]:
    """Takes, for each row on its own, the first proposal that fits.

    Args:
        propose: Gives the proposals of an attempt (from 0), shape (n, ...).  All rows are proposed each time, so that
            what one row gets does not depend on the others.
        fits: Whether a row is within the budget; `None` allows everything.
        max_attempts: Attempts, at least 1.

    Returns:
        The rows, shape (n, ...), and which of them fit, shape (n,).
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
