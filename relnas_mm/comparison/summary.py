"""Summary statistics of a comparison by task and strategy."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from relnas_mm.comparison.plan import Plan
from relnas_mm.statistics import holm, mann_whitney, mean_difference, superiority, values_needed

LEVEL = 0.05
BETTER, WORSE, NOT_SHOWN = "better", "worse", "no difference shown"
CHECKPOINTS = (0.1, 0.3, 1.0)
"""Fractions of the budget at which intermediate values are reported."""


def summarize(plan: Plan, records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Summarizes a comparison.

    Returns:
        `tasks`, by name: the `optimum` (`None` if unknown) and for each of `strategies` the `mean`, `std`, `median` and
        `best` of the final values over seeds; `at`, means and standard deviations at intermediate numbers of queries;
        mean numbers of `distinct` architectures and `seconds`; of the reference against the strategy the `difference`
        of the means with a 95 % interval, the `superiority` (how often it is above), `p`, corrected over all tests, and
        the `verdict`, 'better', 'worse' or 'no difference shown'.  `seeds_needed`: with fewer seeds, no test can be
        significant after the correction.
    """
    budgets = sorted({max(round(share * plan.budget), 1) for share in CHECKPOINTS})
    tasks: dict[str, Any] = {}
    tests: list[tuple[dict[str, Any], float]] = []
    for task in plan.tasks:
        entries: dict[str, Any] = {}
        for strategy in plan.strategies:
            lines = [line for line in records if (line["task"], line["strategy"]) == (task, strategy)]
            entries[strategy] = _entry(lines, budgets)
        reference = entries[plan.reference]
        for name, entry in entries.items():
            if name != plan.reference:
                pair = reference["values"], entry["values"]
                tests.append((entry, mann_whitney(*pair)))
                entry["difference"], entry["superiority"] = mean_difference(*pair), superiority(*pair)
                entry["side"] = float(np.median(reference["values"]) - np.median(entry["values"])) or float(
                    reference["mean"] - entry["mean"]
                )
        tasks[task] = {"optimum": _optimum(plan, task), "strategies": entries}
    for (entry, _), p in zip(tests, holm([p for _, p in tests])):
        side = entry.pop("side")
        entry["p"], entry["verdict"] = p, NOT_SHOWN if p >= LEVEL else BETTER if side > 0 else WORSE
    return {
        "name": plan.name,
        "budget": plan.budget,
        "seeds": list(range(plan.seeds)),
        "reference": plan.reference,
        "objectives": list(plan.objectives),
        "budgets": budgets,
        "tests": len(tests),
        "seeds_needed": values_needed(max(len(tests), 1), LEVEL),
        "tasks": tasks,
    }


def values_at(line: dict[str, Any], queries: Sequence[int]) -> np.ndarray:
    """Values of a search after given numbers of queries; NaN before its first finite candidate."""
    starts = [step[0] for step in line["steps"]]
    values = np.array([np.nan, *(step[1] for step in line["steps"])])
    return values[np.searchsorted(starts, queries, side="right")]


def _entry(lines: Sequence[dict[str, Any]], budgets: Sequence[int]) -> dict[str, Any]:
    values = np.array([line["value"] for line in lines])
    reached = np.array([values_at(line, budgets) for line in lines])
    return {
        "mean": float(values.mean()),
        "std": _spread(values),
        "median": float(np.median(values)),
        "best": float(values.max()),
        "at": [[float(np.nanmean(column)), _spread(column)] for column in reached.T],
        "distinct": float(np.mean([line["distinct"] for line in lines])),
        "seconds": float(np.mean([line["seconds"] for line in lines])),
        "values": values.tolist(),
    }


def _spread(values: np.ndarray) -> float | None:
    return float(np.nanstd(values, ddof=1)) if len(values) > 1 else None


def _optimum(plan: Plan, task: str) -> float | None:
    """The best possible value: 100 percent of the table's hypervolume, or the maximum of the table."""
    if plan.objectives:
        return 100.0
    table = getattr(plan.evaluator(task, 0), "table", None)
    return max(row[-1] for row in table.values()) if table else None
