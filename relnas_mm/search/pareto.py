"""Pareto fronts of loss against cost."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from relnas_mm.strategies.objectives import non_dominated


def pareto_front(costs: np.ndarray, losses: np.ndarray) -> np.ndarray:
    """Indices of the non-dominated points.

    Args:
        costs: Shape (n,).
        losses: Shape (n,); points with a non-finite loss are excluded.

    Returns:
        Indices by increasing cost; of equal points only the first.
    """
    finite = np.flatnonzero(np.isfinite(losses))
    return finite[non_dominated(np.column_stack([costs, losses])[finite])]


def front_of(candidates: Sequence[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """The records on the front of `loss` against `key`, by increasing cost."""
    known = [line for line in candidates if line["loss"] is not None and line.get(key) is not None]
    if not known:
        return []
    costs, losses = np.array([[line[key], line["loss"]] for line in known], dtype=float).T
    return [known[index] for index in pareto_front(costs, losses)]
