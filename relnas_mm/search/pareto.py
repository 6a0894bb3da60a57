"""Loss against cost: which candidates no other one beats in both."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from relnas_mm.strategies.objectives import non_dominated


def pareto_front(costs: np.ndarray, losses: np.ndarray) -> np.ndarray:
    """Indices of the points that no other point beats: cheaper and not worse, or better and not dearer.

    Args:
        costs: Shape (n,).
        losses: Shape (n,); points without a finite loss are never on the front.

    Returns:
        Indices from the cheapest to the dearest; of equal points the first.
    """
    sound = np.flatnonzero(np.isfinite(losses))
    return sound[non_dominated(np.column_stack([costs, losses])[sound])]


def front_of(candidates: Sequence[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """The records on the front of `loss` against `key`, cheapest first."""
    known = [line for line in candidates if line["loss"] is not None and line.get(key) is not None]
    if not known:
        return []
    costs, losses = np.array([[line[key], line["loss"]] for line in known], dtype=float).T
    return [known[place] for place in pareto_front(costs, losses)]
