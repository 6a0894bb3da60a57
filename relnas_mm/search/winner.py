"""Which candidate wins; the reference implementation names none."""

from relnas_mm.errors import UserError
from relnas_mm.evaluators import Evaluator
from relnas_mm.strategies import Scored, Strategy, nonfinite_to_inf


def choose_winner(strategy: Strategy, evaluator: Evaluator, rerank: int = 0) -> Scored:
    """The candidate that the strategy ranks first, or the best of its first few when these are scored again.

    Args:
        strategy: Ranks the candidates, for slow-fast learning by their loss in the last generation.
        evaluator: Scores again by its method `rescore`.
        rerank: How many are scored again; 0 for none.

    Raises:
        UserError: Every candidate diverged, or the evaluator has nothing more precise.
    """
    ranking = strategy.ranking()
    if not ranking:
        raise UserError("no candidate has a finite loss, so nothing can win; lower the learning rate")
    if not rerank:
        return ranking[0]
    again = [Scored(scored.candidate, evaluator.rescore(scored.candidate).loss) for scored in ranking[:rerank]]
    return min(again, key=lambda scored: float(nonfinite_to_inf([scored.loss])[0]))
