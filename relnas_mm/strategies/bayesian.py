"""Slow-fast learning whose lessons are chosen by a Gaussian process: Bayesian optimization with local proposals."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError
from relnas_mm.predictors import encoding_for
from relnas_mm.predictors.gaussian_process import GaussianProcess
from relnas_mm.seeding import numpy_stream
from relnas_mm.spaces import Space
from relnas_mm.strategies.distinct import DistinctStrategy
from relnas_mm.strategies.mutation import choice_counts


class BayesianSlowFastLearning(DistinctStrategy):
    """Pairs of the best architectures teach each other; a Gaussian process chooses which lessons are tried.

    After `samples` random architectures, rounds of `batch` candidates follow.  A round draws `proposals`: of a random
    pair of the best `population_size`, the slow learner copies each choice of the fast one with probability
    `copy_rate`, or the fast one is taken as it is (`lesson_rate`); then each choice changes with probability 1/d.  The
    proposals of the highest expected improvement are evaluated, as in BANANAS (White et al., AAAI 2021) with a
    Gaussian process on path encodings instead of an ensemble of networks.

    What differs from `SlowFastLearning`: choices are categories instead of numbers, teachers are not scored again, no
    architecture is scored twice, and a referee chooses.

    Args:
        space: The search space; it needs an encoding (`encoding_for`).
        queries: Number of candidates to evaluate.
        samples: Number of random architectures at the start, at least 2.
        population_size: Number of the best architectures of which pairs are drawn, at least 2.
        proposals: Number of proposals per round.
        batch: Smallest number of candidates per round; later rounds evaluate a twentieth of those known.
        copy_rate: Probability that a slow learner copies a choice.
        lesson_rate: Share of the proposals that are lessons; the others are mutations of the fast learner.
        referee: Whether the Gaussian process chooses; otherwise a round evaluates its first proposals.
        **options: Options of `SequentialStrategy`, with a single objective.

    Raises:
        UserError: A value is out of range, or the space has no encoding.
    """

    def __init__(
        self,
        space: Space,
        queries: int,
        samples: int = 20,
        population_size: int = 20,
        proposals: int = 100,
        batch: int = 5,
        copy_rate: float = 0.5,
        lesson_rate: float = 0.5,
        referee: bool = True,
        **options: Any,
    ):
        super().__init__(space, queries, **options)
        name = type(self).__name__
        counts = {"samples": (samples, 2), "population_size": (population_size, 2), "batch": (batch, 1)}
        for key, (value, least) in counts.items():
            if value < least:
                raise UserError(f"{key} of {name} is {value!r}; it must be at least {least}")
        if proposals < batch:
            raise UserError(f"proposals of {name} is {proposals!r} and batch {batch!r}; required: batch <= proposals")
        for key, rate in (("copy_rate", copy_rate), ("lesson_rate", lesson_rate)):
            if not 0 <= rate <= 1:
                raise UserError(f"{key} of {name} is {rate!r}; it must be from 0 to 1")
        self.samples, self.population_size, self.proposals, self.batch = samples, population_size, proposals, batch
        self.copy_rate, self.lesson_rate, self.referee = copy_rate, lesson_rate, referee
        self._encoding = encoding_for(space, "flow")
        self._lessons: list[np.ndarray] = []
        self._lessons_from = 0

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restores the state from the result of `state_dict`."""
        super().load_state_dict(state)
        self._lessons_from = 0

    def _propose(self, rng: np.random.Generator) -> np.ndarray:
        if self._told >= self.samples:
            start = self._start_of_round()
            if self._lessons_from != start:
                self._lessons_from, self._lessons = start, self._new_lessons(start)
            for vector in self._lessons:
                if self._fits(self.space.decode(vector)):
                    return vector
        return self.space.sample(rng, 1)[0]

    def _start_of_round(self) -> int:
        """Number of candidates before the current round."""
        start = self.samples
        while (following := start + self._batch_of(start)) <= self._told:
            start = following
        return start

    def _batch_of(self, known: int) -> int:
        return max(self.batch, known // 20)

    def _new_lessons(self, known: int) -> list[np.ndarray]:
        """Proposals from the first `known` candidates, the most promising first."""
        rng = numpy_stream(self.seed, "lessons", known)
        vectors, losses = self._vectors[:known], self._losses[:known]
        best = np.argsort(losses, kind="stable")[: self.population_size]
        architectures = [self.space.decode(vector) for vector in vectors]
        seen, fresh = set(architectures), dict[Architecture, np.ndarray]()
        for _ in range(self._max_attempts * self.proposals):
            if len(fresh) == self.proposals:
                break
            first, second = sorted(rng.choice(len(best), 2, replace=False))
            vector = self._lesson(vectors[best[first]], vectors[best[second]], rng)
            if (architecture := self.space.decode(vector)) not in seen:
                fresh.setdefault(architecture, vector)
        lessons = list(fresh.values())
        if not lessons or not self.referee:
            return lessons
        process = GaussianProcess(self._encoding(architectures), losses)
        promise = process.expected_improvement(self._encoding(list(fresh)))
        return [lessons[index] for index in np.argsort(-promise, kind="stable")]

    def _lesson(self, fast: np.ndarray, slow: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        learned = np.where(rng.random(len(fast)) < self.copy_rate, fast, slow)
        vector = learned if rng.random() < self.lesson_rate else fast
        counts = choice_counts(self.space)
        return np.where(rng.random(len(fast)) < 1 / len(fast), rng.integers(0, counts) + 0.5, vector)
