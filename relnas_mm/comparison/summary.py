"""Summary statistics of a comparison by task and strategy."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from relnas_mm.comparison.plan import Plan
from relnas_mm.statistics import holm, mann_whitney, mean_difference, superiority, values_needed

LEVEL = 0.05
BETTER, WORSE, NOT_SHOWN = "better", "worse", "no difference shown"
REPORTED = (0.1, 0.3)
"""Fractions of the budget at which intermediate values are reported, in a comparison without checkpoints."""


def summarize(plan: Plan, records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Summarizes a comparison.

    Returns:
        `tasks`, by name: the `optimum` (`None` if unknown) and for each of `strategies` the `mean`, `std`, `median` and
        `best` of the final values over seeds; `at`, means and standard deviations at intermediate numbers of queries,
        over the searches that have a finite candidate by then; mean numbers of `distinct` architectures and `seconds`;
        of the reference against the strategy the `difference` of the means with a 95 % interval, the `superiority` (how
        often it is above), `p`, corrected over all tests, and the `verdict`, 'better', 'worse' or 'no difference
        shown'; the same under `earlier`, by number of queries, at the checkpoints.  `seeds_needed`: with fewer seeds,
        no test can be significant after the correction.
    """
    reported = plan.checkpoints or [max(round(share * plan.budget), 1) for share in REPORTED]
    budgets = sorted({*reported, plan.budget})
    tasks: dict[str, Any] = {}
    tests: list[tuple[dict[str, Any], float]] = []
    for task in plan.tasks:
        found = {
            name: [line for line in records if (line["task"], line["strategy"]) == (task, name)]
            for name in plan.strategies
        }
        entries = {name: _entry(lines, budgets) for name, lines in found.items()}
        for name, entry in entries.items():
            if name == plan.reference:
                continue
            tests.append(_test(entry, entries[plan.reference]["values"], entry["values"]))
            if plan.checkpoints:
                entry["earlier"] = {str(queries): {} for queries in plan.checkpoints}
            for queries in plan.checkpoints:
                reference, values = (_reached(found[each], queries) for each in (plan.reference, name))
                tests.append(_test(entry["earlier"][str(queries)], reference, values))
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


def _test(entry: dict[str, Any], reference: list[float], values: list[float]) -> tuple[dict[str, Any], float]:
    """Adds the effect to an entry, and the `side` on which the reference is; the entry and the p-value."""
    entry["difference"], entry["superiority"] = mean_difference(reference, values), superiority(reference, values)
    entry["side"] = entry["superiority"] - 0.5
    return entry, mann_whitney(reference, values)


def values_at(line: dict[str, Any], queries: Sequence[int]) -> np.ndarray:
    """Values of a search after given numbers of queries; NaN before its first finite candidate."""
    starts = [step[0] for step in line["steps"]]
    values = np.array([np.nan, *(step[1] for step in line["steps"])])
    return values[np.searchsorted(starts, queries, side="right")]


def _reached(lines: Sequence[dict[str, Any]], queries: int) -> list[float]:
    """Values after a number of queries, one per search; minus infinity where no candidate was finite yet."""
    return np.nan_to_num([values_at(line, [queries])[0] for line in lines], nan=-np.inf).tolist()


def _entry(lines: Sequence[dict[str, Any]], budgets: Sequence[int]) -> dict[str, Any]:
    values = np.array([line["value"] for line in lines])
    reached = np.array([values_at(line, budgets) for line in lines])
    return {
        "mean": float(values.mean()),
        "std": _mean_and_spread(values)[1],
        "median": float(np.median(values)),
        "best": float(values.max()),
        "at": [_mean_and_spread(column[~np.isnan(column)]) for column in reached.T],
        "distinct": float(np.mean([line["distinct"] for line in lines])),
        "seconds": float(np.mean([line["seconds"] for line in lines])),
        "values": values.tolist(),
    }


def _mean_and_spread(values: np.ndarray) -> list[float | None]:
    """Mean and standard deviation, `None` of too few values."""
    return [
        float(values.mean()) if len(values) else None,
        float(values.std(ddof=1)) if len(values) > 1 else None,
    ]


def _optimum(plan: Plan, task: str) -> float | None:
    """The best possible value: 100 percent of the table's hypervolume, or the maximum of the table."""
    if plan.objectives:
        return 100.0
    table = getattr(plan.evaluator(task, 0), "table", None)
    return max(row[-1] for row in table.values()) if table else None
