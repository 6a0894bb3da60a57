"""Random search, the baseline of every comparison."""

import numpy as np

from relnas_mm.strategies.sequential import SequentialStrategy


class RandomSearch(SequentialStrategy):
    """Samples architectures independently, with replacement.

    With `SupernetEvaluator` it is random search with weight sharing (Li and Talwalkar, UAI 2019).
    """

    def _propose(self, rng: np.random.Generator) -> np.ndarray:
        return self.space.sample(rng, 1)[0]
