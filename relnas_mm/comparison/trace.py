"""One search of a comparison, recorded as its incumbent or its front by number of queries."""

import time
from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.comparison.plan import Plan, Unit
from relnas_mm.errors import UserError
from relnas_mm.evaluators import Evaluation
from relnas_mm.search.objectives import losses_of
from relnas_mm.search.pareto import pareto_front

RUN = "run"
FRONT_POINTS = 20
"""Number of points in a search at which its front is measured."""

Step = tuple[int, float]


def run_search(plan: Plan, unit: Unit) -> dict[str, Any]:
    """Runs one search up to the budget of its plan.

    Returns:
        A record: `steps`, pairs of a number of queries and the value from there on (of the incumbent, the candidate
            with
        the lowest loss so far, or of the front); `value`, the last of them; `winner`; `front`, pairs of cost and loss;
        number of `distinct` architectures; `seconds`.

    Raises:
        UserError: The strategy ends before the budget is spent, or all candidates diverged.
    """
    start = time.perf_counter()
    evaluator, strategy = plan.evaluator(unit.task, unit.seed), plan.strategy(unit.strategy, unit.seed)
    losses: list[Any] = []
    results: list[Evaluation] = []
    architectures: list[Architecture] = []
    while len(results) < plan.budget:
        if strategy.done:
            raise UserError(
                f"the strategy {unit.strategy!r} asks for {len(results)} candidates only, but the budget is "
                f"{plan.budget}; raise its generations"
            )
        group = strategy.ask()
        (evaluations,) = evaluator.evaluate([group])
        told = losses_of(group, evaluations, plan.objectives)
        strategy.tell(group, told)
        losses += told
        results += evaluations
        architectures += [candidate.architecture for candidate in group.candidates]
    seconds = time.perf_counter() - start
    points = np.array(losses[: plan.budget], dtype=float)
    if plan.objectives:
        box = reference_box(evaluator, plan.objectives[0])
        steps, front = front_steps(points, *box), points[pareto_front(points[:, 1], points[:, 0])]
        winner = architectures[int(np.argmin(points[:, 0]))]
    else:
        indices = incumbents(points)
        steps, front = [(index + 1, value_of(results[index])) for index in indices], np.empty((0, 2))
        winner = architectures[indices[-1]] if indices else None
    if not steps:
        raise UserError(f"every candidate of {unit.strategy!r} on {unit.task!r} with seed {unit.seed} diverged")
    return {
        "type": RUN,
        "seed": unit.seed,
        "task": unit.task,
        "strategy": unit.strategy,
        "steps": steps,
        "value": steps[-1][1],
        "winner": str(winner),
        "front": front[:, ::-1],
        "distinct": len(set(architectures[: plan.budget])),
        "seconds": round(sum(result.metrics.get("seconds", 0.0) for result in results) or seconds, 4),
    }


def value_of(result: Evaluation) -> float:
    """The reported value of a candidate: its test accuracy if known, else its accuracy."""
    return result.metrics.get("test_accuracy", result.metrics.get("accuracy", -result.loss))


def incumbents(losses: np.ndarray) -> list[int]:
    """Indices at which the lowest finite loss so far improves."""
    finite = np.where(np.isfinite(losses), losses, np.inf)
    previous_best = np.minimum.accumulate(np.concatenate([[np.inf], finite]))[:-1]
    return np.flatnonzero(finite < previous_best).tolist()


def reference_box(evaluator: Any, objective: str) -> tuple[np.ndarray, float]:
    """Reference point of the hypervolume in a table, and the hypervolume of the table itself.

    Returns:
        The 0.9 quantiles of loss and cost, and the hypervolume of the table's front.
    """
    results = [evaluator.look_up(architecture) for architecture in evaluator.table]
    points = np.array([(result.loss, result.metrics[objective]) for result in results])
    corner = np.quantile(points, 0.9, axis=0)
    return corner, hypervolume(points, corner)


def hypervolume(points: np.ndarray, corner: np.ndarray) -> float:
    """Hypervolume of points (loss, cost), shape (n, 2), with a reference point."""
    inside = points[(points < corner).all(axis=1)]
    front = inside[pareto_front(inside[:, 1], inside[:, 0])] if len(inside) else inside
    costs = np.append(front[:, 1], corner[1])
    return float(((corner[0] - front[:, 0]) * np.diff(costs)).sum())


def front_steps(points: np.ndarray, corner: np.ndarray, total: float) -> list[Step]:
    """Hypervolume of the first queries, in percent of the table's, by number of queries."""
    counts = np.unique(np.linspace(1, len(points), FRONT_POINTS).round().astype(int)).tolist()
    return [(count, 100.0 * hypervolume(points[:count], corner) / total) for count in counts]
