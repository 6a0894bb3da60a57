"""What a strategy is told: losses, and what else is to be minimized."""

from collections.abc import Sequence

from relnas_mm.errors import UserError
from relnas_mm.evaluators import Evaluation
from relnas_mm.search.budget import Budget
from relnas_mm.strategies import Group


def losses_of(
    group: Group, evaluations: Sequence[Evaluation], objectives: Sequence[str], budget: Budget | None = None
) -> list[float] | list[list[float]]:
    """The loss of each candidate; with further objectives a list of numbers for each, the loss first.

    Args:
        group: The candidates.
        evaluations: What the evaluator gave for them.
        objectives: Names of metrics or costs.
        budget: Knows the costs.

    Raises:
        UserError: An objective is neither a metric nor a cost.
    """
    if not objectives:
        return [evaluation.loss for evaluation in evaluations]
    told = []
    for candidate, evaluation in zip(group.candidates, evaluations):
        known = {**evaluation.metrics, **(budget.costs(candidate.architecture) if budget else {})}
        for name in objectives:
            if name not in known:
                raise UserError(f"the objective {name!r} is not known of a candidate; known are {', '.join(known)}")
        told.append([evaluation.loss, *(known[name] for name in objectives)])
    return told
