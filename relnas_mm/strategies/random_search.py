"""Random search, the control of every comparison."""

import numpy as np

from relnas_mm.strategies.sequential import SequentialStrategy


class RandomSearch(SequentialStrategy):
    """Architectures drawn independently from the whole space, with replacement.

    With an evaluator of shared weights it is random search with weight sharing, else stand-alone.
    """

    def _propose(self, rng: np.random.Generator) -> np.ndarray:
        return self.space.sample(rng, 1)[0]
