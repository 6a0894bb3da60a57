"""Selects the winner of a search; the reference implementation has no such step."""

from relnas_mm.errors import UserError
from relnas_mm.evaluators import Evaluator
from relnas_mm.strategies import Scored, Strategy, nonfinite_to_inf


def choose_winner(strategy: Strategy, evaluator: Evaluator, rerank: int = 0) -> Scored:
    """Returns the candidate that the strategy ranks first, or the best of the first `rerank` after scoring them again.

    Args:
        strategy: Ranks the candidates; slow-fast learning by their loss in the last generation.
        evaluator: Scores them again by `rescore`.
        rerank: Number of candidates scored again; 0 for none.

    Raises:
        UserError: All candidates diverged, or the evaluator cannot score more precisely.
    """
    ranking = strategy.ranking()
    if not ranking:
        raise UserError("no candidate has a finite loss; lower the learning rate")
    if not rerank:
        return ranking[0]
    rescored = [Scored(scored.candidate, evaluator.rescore(scored.candidate).loss) for scored in ranking[:rerank]]
    return min(rescored, key=lambda scored: float(nonfinite_to_inf([scored.loss])[0]))
