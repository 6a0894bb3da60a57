"""Transfer of winners between tasks."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from relnas_mm.comparison.plan import Plan


def transfer_matrix(plan: Plan, records: Sequence[dict[str, Any]], strategy: str) -> list[list[float]]:
    """Mean percentage of all architectures that the winners of one task outperform on another task.

    Args:
        plan: A comparison whose tasks are tables of the same architectures.
        records: Records of all searches.
        strategy: Name of the strategy.

    Returns:
        A matrix whose rows are the tasks of the searches, and columns the tasks of the lookup, in the plan's order.
    """
    tables = {task: plan.evaluator(task, 0).table for task in plan.tasks}
    scores = {task: np.sort([row[-1] for row in table.values()]) for task, table in tables.items()}
    rows = []
    for task in plan.tasks:
        winners = [line["winner"] for line in records if (line["task"], line["strategy"]) == (task, strategy)]
        rows.append([_beaten(scores[other], [tables[other][winner][-1] for winner in winners]) for other in plan.tasks])
    return rows


def _beaten(scores: np.ndarray, values: Sequence[float]) -> float:
    """Mean percentage of sorted scores that are below the values."""
    return float(100.0 * np.mean(np.searchsorted(scores, values, side="left")) / (len(scores) - 1))
