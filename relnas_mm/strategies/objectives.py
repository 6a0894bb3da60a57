"""Fitness by one or several objectives: by Pareto fronts and crowding distance (Deb et al., NSGA-II, 2002), by the sum
of ranks, or lexicographically.
"""

from collections.abc import Sequence

import numpy as np

from relnas_mm.errors import UserError
from relnas_mm.strategies.base import nonfinite_to_inf

COMPARISONS = ("pareto", "rank_sum", "lexicographic")
"""How several objectives are compared."""
TINY = 1e-300
"""Objectives that near to 0 are too small for the unit of their second digit."""
DIGITS = 2
"""Significant digits of an objective that count in a lexicographic comparison."""


def check_comparison(compare: str, owner: str) -> None:
    """Checks the name of a comparison.

    Raises:
        UserError: It is unknown.
    """
    if compare not in COMPARISONS:
        raise UserError(f"compare of {owner} is {compare!r}; allowed are {', '.join(map(repr, COMPARISONS))}")


def told_losses(losses: "Sequence[float] | Sequence[Sequence[float]] | np.ndarray", objectives: int) -> np.ndarray:
    """Losses as an array, (n,) for one objective and (n, m) for several; non-finite ones are infinite.

    Raises:
        UserError: The number of losses per candidate differs from `objectives`.
    """
    values = nonfinite_to_inf(losses)
    count = 1 if values.ndim == 1 else values.shape[1]
    if count != objectives:
        raise UserError(f"{count} losses were told for each candidate; `objectives` of the strategy is {objectives}")
    return values


def first_objective(losses: np.ndarray) -> np.ndarray:
    """The first objective, (n,), of losses (n,) or (n, m)."""
    return losses if losses.ndim == 1 else losses[:, 0]


def ranking(losses: np.ndarray, compare: str = "pareto") -> list[int]:
    """Indices of the candidates without infinite losses, the one to choose as the winner first.

    No point of a Pareto front is better than another; the first objective decides between them.

    Args:
        losses: Shape (n,) or (n, m), lower is better.
        compare: As for `fitness`.
    """
    values = first_objective(losses) if compare == "pareto" else fitness(losses, compare)
    known = np.isfinite(first_objective(losses) if compare == "pareto" else losses.reshape(len(losses), -1).max(axis=1))
    return [int(index) for index in np.argsort(values, kind="stable") if known[index]]


def fitness(losses: np.ndarray, compare: str = "pareto") -> np.ndarray:
    """Fitness, lower is better, (n,): the loss itself for one objective.

    Args:
        losses: Shape (n,) or (n, m), lower is better.  If any of several objectives is NaN, all fitness values are.
        compare: How several objectives are compared: 'pareto' gives the rank by front and crowding distance, 'rank_sum'
            the sum of the ranks by each objective (equal losses share a rank), 'lexicographic' the position by the
            first objective, by the second where the first ones are equal, and so on; objectives are rounded to two
            significant digits before, so that a later one decides where an earlier one hardly differs.
    """
    if losses.ndim == 1:
        return losses
    if np.isnan(losses).any():
        return np.full(len(losses), np.nan)
    if compare == "rank_sum":
        ranks = [np.unique(column, return_inverse=True)[1].reshape(-1) for column in losses.T]
        return np.stack(ranks).sum(axis=0).astype(np.float64)
    if compare == "lexicographic":
        return np.unique(_rounded(losses), axis=0, return_inverse=True)[1].reshape(-1).astype(np.float64)
    ranks = fronts(losses)
    order = np.lexsort((-crowding(losses, ranks), ranks))
    position = np.empty(len(losses))
    position[order] = np.arange(len(losses))
    return position


def _rounded(losses: np.ndarray) -> np.ndarray:
    """Losses rounded to `DIGITS` significant digits; infinite and tiny ones are left as they are."""
    plain = np.isfinite(losses) & (np.abs(losses) > TINY)
    unit = 10.0 ** (np.floor(np.log10(np.abs(np.where(plain, losses, 1.0)))) - DIGITS + 1)
    return np.where(plain, np.round(losses / unit) * unit, losses)


def non_dominated(losses: np.ndarray) -> np.ndarray:
    """Indices of the non-dominated points by ascending first loss, without duplicates.

    Args:
        losses: Shape (n, m), lower is better; infinity is allowed.
    """
    remaining = np.lexsort(losses.T[::-1])  # points are dominated by earlier ones only
    front = []
    while len(remaining):
        front.append(remaining[0])
        remaining = remaining[(losses[remaining] < losses[remaining[0]]).any(axis=1)]
    return np.array(front, dtype=np.int64)


def fronts(losses: np.ndarray) -> np.ndarray:
    """Index of each point's front, shape (n,), by non-dominated sorting: 0 for the Pareto front.

    Args:
        losses: Shape (n, m), lower is better; infinity is allowed.
    """
    points, inverse = np.unique(losses, axis=0, return_inverse=True)
    ranks, remaining = np.empty(len(points), dtype=np.int64), np.arange(len(points))
    rank = 0
    while len(remaining):
        front = non_dominated(points[remaining])
        ranks[remaining[front]] = rank
        remaining, rank = np.delete(remaining, front), rank + 1
    return ranks[inverse.reshape(-1)]  # in NumPy 2.0 the inverse has another shape


def crowding(losses: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Crowding distance of each point on its front, shape (n,); infinite for the ends of a front.

    Args:
        losses: Shape (n, m).  Objectives with infinite values on a front add nothing to its other points.
        ranks: Result of `fronts`, shape (n,).
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
