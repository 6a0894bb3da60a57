"""Agreement of two rankings."""

import numpy as np

_DIRECT = 32


def kendall_tau(first: np.ndarray, second: np.ndarray) -> float:
    """Kendall's tau-a: concordant minus discordant pairs, as a share of all pairs (ties count as neither).

    Args:
        first: Scores, shape (n,) with n at least 2.
        second: Other scores of the same things.
    """
    order = np.lexsort((second, first))
    first, second = np.asarray(first)[order], np.asarray(second)[order]
    pairs = len(first) * (len(first) - 1) // 2
    both = np.unique(np.stack([first, second]), axis=1, return_counts=True)[1]
    untied = pairs - _tied(first) - _tied(second) + int((both * (both - 1) // 2).sum())
    discordant = _inversions(second)[0]
    return (untied - 2 * discordant) / pairs


def _tied(values: np.ndarray) -> int:
    counts = np.unique(values, return_counts=True)[1]
    return int((counts * (counts - 1) // 2).sum())


def _inversions(values: np.ndarray) -> tuple[int, np.ndarray]:
    """Pairs in falling order, and the values sorted."""
    size = len(values)
    if size <= _DIRECT:
        return int(np.triu(values[:, None] > values, 1).sum()), np.sort(values)
    (left_count, left), (right_count, right) = _inversions(values[: size // 2]), _inversions(values[size // 2 :])
    across = len(left) * len(right) - int(np.searchsorted(left, right, side="right").sum())
    return left_count + right_count + across, np.sort(np.concatenate([left, right]), kind="stable")
