"""Random search, the baseline of every comparison."""

import numpy as np

from relnas_mm.strategies.base import Candidate, Group, Losses
from relnas_mm.strategies.sequential import SequentialStrategy


class RandomSearch(SequentialStrategy):
    """Samples architectures independently, with replacement.

    With `SupernetEvaluator` it is random search with weight sharing (Li and Talwalkar, UAI 2019).
    """

    def ask_ahead(self, count: int) -> list[Group]:
        """The next candidates, which do not depend on any loss.

        Raises:
            UserError: The search is done, or no architecture within the budget was found.
        """
        later = range(self._told + 1, min(self._told + count, self.queries))
        further = [self._group(number, self._candidate(number, self._first_fitting(number))) for number in later]
        return [self.ask(), *further]

    def tell(self, group: Group, losses: Losses) -> None:
        """Records the loss, or the losses, of the candidate, which may have been asked for ahead.

        Raises:
            UserError: The group is another one, or the number of losses is wrong.
        """
        if not self.done:
            self.ask()
        super().tell(group, losses)

    def _is_asked(self, candidate: Candidate) -> bool:
        asked = self._asked
        same = asked is not None and asked.number == candidate.number
        return same and np.array_equal(asked.vector, candidate.vector)  # type: ignore[union-attr]

    def _propose(self, rng: np.random.Generator) -> np.ndarray:
        return self.space.sample(rng, 1)[0]
