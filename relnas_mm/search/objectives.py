"""The objective values that a strategy is told."""

from collections.abc import Sequence

from relnas_mm.errors import UserError
from relnas_mm.evaluators import Evaluation
from relnas_mm.search.budget import Budget
from relnas_mm.strategies import Group


def losses_of(
    group: Group, evaluations: Sequence[Evaluation], objectives: Sequence[str], budget: Budget | None = None
) -> list[float] | list[list[float]]:
    """Returns the loss of each candidate, or, with further objectives, a list of values with the loss first.

    Args:
        group: The candidates.
        evaluations: Their evaluations.
        objectives: Names of metrics of the evaluator or costs of the budget.
        budget: Computes the costs.

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
                raise UserError(f"the objective {name!r} is neither a metric nor a cost; known are {', '.join(known)}")
        told.append([evaluation.loss, *(known[name] for name in objectives)])
    return told
