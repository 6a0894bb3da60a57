"""Slow-fast learning, the strategy of RelativeNAS (Tan et al., TNNLS 2021)."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from relnas_mm.errors import UserError
from relnas_mm.seeding import numpy_stream
from relnas_mm.spaces import Space
from relnas_mm.strategies.base import Candidate, Feasible, Group, Losses, Scored, Strategy
from relnas_mm.strategies.learning import Range, check_learning, paired, students_and_teachers
from relnas_mm.strategies.objectives import check_comparison, first_objective, fitness, ranking, told_losses
from relnas_mm.strategies.population import Population
from relnas_mm.strategies.resample import resample


def slow_fast_update(
    positions: np.ndarray,
    velocities: np.ndarray,
    students: np.ndarray,
    teachers: np.ndarray,
    r1: np.ndarray,
    r2: np.ndarray,
    upper: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Moves each slow learner towards its fast learner: `v = r1 * v + r2 * (x_teacher - x)`, then `x = clip(x + v)`.

    Velocities are not clipped, and those of fast learners do not change.

    Args:
        positions: Positions of the population, shape (n, d).
        velocities: Velocities, shape (n, d).
        students: Indices of the slow learners, shape (m,), distinct.
        teachers: Indices of their fast learners, shape (m,).
        r1: Random factors of the velocity, shape (m, d).
        r2: Random factors of the difference to the teacher, shape (m, d).
        upper: Upper bounds, shape (d,); lower bounds are 0.

    Returns:
        New arrays `(positions, velocities)`.
    """
    positions, velocities = positions.copy(), velocities.copy()
    velocities[students] = r1 * velocities[students] + r2 * (positions[teachers] - positions[students])
    positions[students] = np.clip(positions[students] + velocities[students], 0.0, upper)
    return positions, velocities


class SlowFastLearning(Strategy):
    """Pairs individuals at random in each generation; the one with the higher loss moves towards the other.

    The slow learners of all pairs move together at the end of a generation.  Velocities belong to individuals, and
    persist through generations in which these are teachers.  Ties make the first of the pair the teacher, as in the
    write-back of shared weights.

    Args:
        space: The search space.
        population_size: Number of individuals, even.
        generations: Number of generations in which the population learns.
        seed: Seed of all random streams.
        evaluate_last: Whether to evaluate the final population in an additional generation without learning.  The
            reference implementation does not.
        feasible: Whether an architecture is within the budget; `None` allows all.
        max_attempts: Number of attempts to draw a position within the budget.  After that a slow learner does not move,
            and the initial population is refused.
        pairing: As for `paired`: 'random', as in the reference implementation, 'fixed' or 'ranked'.
        direction: As for `students_and_teachers`: 'fast', as in the reference implementation, 'slow', 'coin' or 'best'.
        r1: Range of the random factor of the velocity, (0, 1) in the reference implementation; (0, 0) disables
            velocity.
        r2: Range of the random factor of the difference to the teacher.
        objectives: Number of losses per individual.
        compare: How several are compared, as for `fitness`: 'pareto', 'rank_sum' or 'lexicographic'.

    Raises:
        UserError: The population size is odd or below 2, another value is out of range, or too few individuals within
            the budget were found.
    """

    def __init__(
        self,
        space: Space,
        population_size: int = 20,
        generations: int = 50,
        seed: int = 0,
        evaluate_last: bool = True,
        feasible: Feasible | None = None,
        max_attempts: int = 100,
        pairing: str = "random",
        direction: str = "fast",
        r1: Range = (0.0, 1.0),
        r2: Range = (0.0, 1.0),
        objectives: int = 1,
        compare: str = "pareto",
    ):
        if population_size < 2 or population_size % 2:
            raise UserError(
                f"population_size of SlowFastLearning is {population_size!r}; pairs need an even number from 2 on"
            )
        if generations < 1 or max_attempts < 1:
            raise UserError(
                f"generations is {generations!r} and max_attempts {max_attempts!r}; both must be at least 1"
            )
        if objectives < 1:
            raise UserError(f"objectives of SlowFastLearning is {objectives!r}; it must be at least 1")
        check_learning(pairing, direction, r1, r2)
        check_comparison(compare, "SlowFastLearning")
        self.compare = compare
        self.pairing, self.direction, self.r1, self.r2 = pairing, direction, r1, r2
        self.objectives, self.feasible = objectives, feasible
        self.space, self.seed, self.generations, self.evaluate_last = space, seed, generations, evaluate_last
        self._fits = None if feasible is None else (lambda vector: feasible(space.decode(vector)))
        self._max_attempts = max_attempts
        self._pairs_per_generation = population_size // 2
        self._generation = self._index = 0
        self.population = Population(self._draw_population(population_size), objectives)
        self._pairs = self._draw_pairs()

    @property
    def done(self) -> bool:
        """Whether all generations are finished."""
        return self._generation == self.generations + self.evaluate_last

    @property
    def total_groups(self) -> int:
        """Number of pairs of the whole search."""
        return (self.generations + self.evaluate_last) * self._pairs_per_generation

    def ranking(self) -> list[Scored]:
        """The individuals of the last complete generation by ascending loss, without diverged ones."""
        vectors, losses = self.population.scored
        first = first_objective(losses)
        order = ranking(losses, self.compare)
        return [Scored(self._candidate(number, vectors[number]), float(first[number])) for number in order]

    def ask(self) -> Group:
        """The next pair.

        Raises:
            UserError: The search is done.
        """
        return self.ask_ahead(1)[0]

    def ask_ahead(self, count: int) -> list[Group]:
        """The next pairs of this generation, at most `count`.

        Raises:
            UserError: The search is done.
        """
        if self.done:
            raise UserError(f"the search is done after {self.generations} generations; there is nothing to ask for")
        return [
            Group(
                generation=self._generation,
                index=index,
                groups_in_generation=self._pairs_per_generation,
                progress=min(self._generation / self.generations, 1.0),
                candidates=tuple(self._candidate(n, self.population.positions[n]) for n in self._pairs[index]),
            )
            for index in range(self._index, min(self._index + count, self._pairs_per_generation))
        ]

    def tell(self, group: Group, losses: Losses) -> None:
        """Records the losses of a pair; after the last pair of a generation the slow learners move.

        Raises:
            UserError: The group is another one, or the number of losses is wrong.
        """
        if (group.generation, group.index) != (self._generation, self._index) or len(losses) != 2:
            raise UserError(
                f"{len(losses)} losses were told for pair {group.index} of generation {group.generation}; "
                f"two for pair {self._index} of generation {self._generation} were asked for"
            )
        self.population.losses[self._pairs[self._index]] = told_losses(losses, self.objectives)
        self._index += 1
        if self._index == self._pairs_per_generation:
            self._end_generation()

    def state_dict(self) -> dict[str, Any]:
        """State from which a strategy with the same arguments resumes exactly."""
        return {"generation": self._generation, "index": self._index, **self.population.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restores the state from the result of `state_dict`."""
        self._generation, self._index = int(state["generation"]), int(state["index"])
        self.population.load_state_dict(state)
        self._pairs = self._draw_pairs()

    def _candidate(self, number: int, vector: np.ndarray) -> Candidate:
        return Candidate(int(number), vector.copy(), self.space.decode(vector))

    def _draw_pairs(self) -> np.ndarray:
        rng = numpy_stream(self.seed, "pairs", 0 if self.pairing == "fixed" else self._generation)
        return paired(self.pairing, rng, fitness(self.population.last_losses, self.compare))

    def _end_generation(self) -> None:
        population = self.population
        population.close_generation()
        if self._generation < self.generations:
            rng = numpy_stream(self.seed, "direction", self._generation)
            scores = fitness(population.last_losses, self.compare)
            self._learn(*students_and_teachers(self._pairs, scores, self.direction, rng))
        self._generation, self._index = self._generation + 1, 0
        self._pairs = self._draw_pairs()

    def _learn(self, students: np.ndarray, teachers: np.ndarray) -> None:
        """Moves the slow learners to which a position within the budget was proposed."""
        population = self.population

        def propose(attempt: int) -> np.ndarray:
            rng = numpy_stream(self.seed, "learning", self._generation, attempt)
            draws = rng.random((2, len(students), len(self.space.upper)))
            r1, r2 = (low + (high - low) * draw for (low, high), draw in zip((self.r1, self.r2), draws))
            moved = slow_fast_update(
                population.positions, population.velocities, students, teachers, r1, r2, self.space.upper
            )
            return np.stack([part[students] for part in moved], axis=1)

        fits = self._fits
        moved, found = resample(propose, None if fits is None else (lambda row: fits(row[0])), self._max_attempts)
        movers = students[found]
        population.positions[movers], population.velocities[movers] = moved[found, 0], moved[found, 1]

    def _draw_population(self, size: int) -> np.ndarray:
        def propose(attempt: int) -> np.ndarray:
            return self.space.sample(numpy_stream(self.seed, "population", candidate=attempt), size)

        positions, found = resample(propose, self._fits, self._max_attempts)
        if not found.all():
            raise UserError(
                f"in {self._max_attempts} attempts only {found.sum()} of {size} individuals within the budget were "
                "found; widen its limits or raise `max_attempts`"
            )
        return positions
