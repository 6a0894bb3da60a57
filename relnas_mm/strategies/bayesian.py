"""Slow-fast learning whose lessons are chosen by a Gaussian process: Bayesian optimization with local proposals."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError
from relnas_mm.predictors.gaussian_process import GaussianProcess
from relnas_mm.spaces import Space
from relnas_mm.strategies.mutation import choice_counts
from relnas_mm.strategies.objectives import fitness
from relnas_mm.strategies.surrogate import SurrogateStrategy


class BayesianSlowFastLearning(SurrogateStrategy):
    """Pairs of the best architectures teach each other; a Gaussian process chooses which lessons are tried.

    A proposal is a lesson of a random pair of the best `population_size`: the slow learner copies each choice of the
    fast one with probability `copy_rate`, or the fast one is taken as it is (`lesson_rate`); then each choice changes
    with probability 1/d.  A share of the proposals is random instead (`fresh_rate`).  The proposals with the highest
    upper confidence bounds are evaluated: mean plus `exploration` standard deviations of a Gaussian process on path
    encodings, which takes the place of the ensemble of BANANAS (White et al., AAAI 2021).

    With several objectives, there is a process for each; proposals are ranked by the fitness of their bounds among all
    candidates so far (`fitness`), by default by Pareto fronts and crowding distance.

    What differs from `SlowFastLearning`: choices are categories instead of numbers, teachers are not scored again, no
    architecture is scored twice, and a referee chooses.

    Args:
        space: The search space; it needs an encoding (`encoding_for`).
        queries: Number of candidates to evaluate.
        samples: Number of random architectures at the start, at least 2.
        population_size: Number of the best architectures of which pairs are drawn, at least 2.
        proposals: Number of proposals per round.
        batch: Smallest number of candidates per round.
        growth: A round evaluates at least this share of the number of candidates so far.
        copy_rate: Probability that a slow learner copies a choice.
        lesson_rate: Share of the proposals that are lessons; the others are mutations of the fast learner.
        fresh_rate: Share of the proposals that are random architectures.
        exploration: Number of standard deviations that are added to the predicted mean, at least 0.
        referee: Whether the Gaussian process chooses; otherwise a round evaluates its first proposals.
        **options: Options of `SequentialStrategy`; several objectives are compared by `compare`.

    Raises:
        UserError: A value is out of range, or the space has no encoding.
    """

    single_objective = False

    def __init__(
        self,
        space: Space,
        queries: int,
        samples: int = 20,
        population_size: int = 50,
        proposals: int = 100,
        batch: int = 5,
        growth: float = 0.02,
        copy_rate: float = 0.5,
        lesson_rate: float = 0.5,
        fresh_rate: float = 0.25,
        exploration: float = 1.0,
        referee: bool = True,
        **options: Any,
    ):
        super().__init__(space, queries, samples, proposals, batch, growth, **options)
        self._check_least(population_size=(population_size, 2))
        self._check_rates(copy_rate=copy_rate, lesson_rate=lesson_rate, fresh_rate=fresh_rate)
        if exploration < 0:
            raise UserError(f"exploration of {type(self).__name__} is {exploration!r}; it must be at least 0")
        self.population_size, self.exploration, self.referee = population_size, exploration, referee
        self.copy_rate, self.lesson_rate, self.fresh_rate = copy_rate, lesson_rate, fresh_rate

    def _proposal(self, vectors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if rng.random() < self.fresh_rate:
            return self.space.sample(rng, 1)[0]
        fast, slow = sorted(rng.choice(min(self.population_size, len(vectors)), 2, replace=False))
        return self._lesson(vectors[fast], vectors[slow], rng)

    def _promise(
        self, known: Sequence[Architecture], losses: np.ndarray, fresh: Sequence[Architecture]
    ) -> np.ndarray | None:
        if not self.referee:
            return None
        features, others = self._encoding(known), self._encoding(fresh)
        targets, bounds = [], []
        for column in losses.reshape(len(losses), -1).T:
            process = GaussianProcess(features, column)
            mean, deviation = process.predict(others)
            targets.append(process.targets)
            bounds.append(mean + self.exploration * deviation)
        if len(bounds) == 1:
            return bounds[0]
        return -fitness(-np.hstack([bounds, targets]).T, self.compare)[: len(fresh)]

    def _lesson(self, fast: np.ndarray, slow: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        learned = np.where(rng.random(len(fast)) < self.copy_rate, fast, slow)
        vector = learned if rng.random() < self.lesson_rate else fast
        counts = choice_counts(self.space)
        return np.where(rng.random(len(fast)) < 1 / len(fast), rng.integers(0, counts) + 0.5, vector)
