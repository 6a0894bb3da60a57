"""Comparing candidates by one loss or by several: non-dominated sorting and crowding (Deb et al., NSGA-II, 2002)."""

from collections.abc import Sequence

import numpy as np

from relnas_mm.errors import UserError
from relnas_mm.strategies.base import nonfinite_to_inf


def told_losses(losses: "Sequence[float] | Sequence[Sequence[float]] | np.ndarray", objectives: int) -> np.ndarray:
    """What a strategy was told, one row for each candidate, (n,) for one objective and (n, m) for several.

    Raises:
        UserError: There is another number of losses for each candidate than there are objectives.
    """
    values = nonfinite_to_inf(losses)
    found = 1 if values.ndim == 1 else values.shape[1]
    if found != objectives:
        raise UserError(f"{found} losses were told for each candidate; `objectives` of the strategy is {objectives}")
    return values


def first_objective(losses: np.ndarray) -> np.ndarray:
    """The losses by which a winner is chosen, (n,), of (n,) or (n, m)."""
    return losses if losses.ndim == 1 else losses[:, 0]


def fitness(losses: np.ndarray) -> np.ndarray:
    """Numbers in whose order candidates are better, (n,): the loss itself if there is one.

    Of several objectives it is the position after sorting by front, and within a front from the least crowded on.

    Args:
        losses: Shape (n,) or (n, m), lower is better; if one is NaN, nothing can be said of any.
    """
    if losses.ndim == 1:
        return losses
    if np.isnan(losses).any():
        return np.full(len(losses), np.nan)
    ranks = fronts(losses)
    order = np.lexsort((-crowding(losses, ranks), ranks))
    position = np.empty(len(losses))
    position[order] = np.arange(len(losses))
    return position


def non_dominated(losses: np.ndarray) -> np.ndarray:
    """Indices of the points that no other point dominates, from the lowest first loss on; of equal points the first.

    Args:
        losses: Shape (n, m), lower is better; infinite is allowed.
    """
    left = np.lexsort(losses.T[::-1])  # so a point is dominated by earlier ones only
    found = []
    while len(left):
        found.append(left[0])
        left = left[(losses[left] < losses[left[0]]).any(axis=1)]
    return np.array(found, dtype=np.int64)


def fronts(losses: np.ndarray) -> np.ndarray:
    """Number of the front of each point: 0 if no other point dominates it, 1 if only such points do, and so on.

    Args:
        losses: Shape (n, m), lower is better; infinite is allowed.
    """
    points, inverse = np.unique(losses, axis=0, return_inverse=True)
    ranks, left = np.empty(len(points), dtype=np.int64), np.arange(len(points))
    rank = 0
    while len(left):
        front = non_dominated(points[left])
        ranks[left[front]] = rank
        left, rank = np.delete(left, front), rank + 1
    return ranks[inverse.reshape(-1)]  # NumPy 2.0 gives the inverse another shape


def crowding(losses: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """How far apart the neighbours of each point on its front are, summed over objectives in units of their range.

    The ends of a front, and points with an infinite neighbour, are infinitely far.

    Args:
        losses: Shape (n, m).
        ranks: What `fronts` gave, shape (n,).
    """
    distance = np.zeros(len(losses))
    for rank in np.unique(ranks):
        front = np.flatnonzero(ranks == rank)
        for values in losses[front].T:
            order = front[np.argsort(values, kind="stable")]
            sorted_values = np.sort(values)
            distance[order[[0, -1]]] = np.inf
            if not np.isfinite(sorted_values).all():
                continue
            if (spread := sorted_values[-1] - sorted_values[0]) > 0:
                distance[order[1:-1]] += (sorted_values[2:] - sorted_values[:-2]) / spread
    return distance
