"""Slow-fast learning, the strategy of RelativeNAS (Tan et al., TNNLS 2021; order of work as in the released code)."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from relnas_mm.errors import UserError
from relnas_mm.seeding import numpy_stream
from relnas_mm.spaces import Space
from relnas_mm.strategies.base import Candidate, Feasible, Group, Losses, Scored, Strategy
from relnas_mm.strategies.learning import Range, check_learning, paired, students_and_teachers
from relnas_mm.strategies.objectives import first_objective, fitness, told_losses
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
    """Moves each slow learner towards its fast one: `v = r1 * v + r2 * (x_teacher - x)`, then `x = clip(x + v)`.

    Velocities are not clipped, and those of the fast learners stay as they are.

    Args:
        positions: Vectors of the population, shape (n, d).
        velocities: Their velocities, shape (n, d).
        students: Indices of the slow learners, shape (m,), all different.
        teachers: Indices of their fast learners, shape (m,).
        r1: Random share of the old velocity, from 0 to 1, shape (m, d).
        r2: Random share of the way to the teacher, from 0 to 1, shape (m, d).
        upper: Upper bounds, shape (d,); the lower ones are 0.

    Returns:
        New arrays `(positions, velocities)`; the arguments stay as they are.
    """
    positions, velocities = positions.copy(), velocities.copy()
    velocities[students] = r1 * velocities[students] + r2 * (positions[teachers] - positions[students])
    positions[students] = np.clip(positions[students] + velocities[students], 0.0, upper)
    return positions, velocities


class SlowFastLearning(Strategy):
    """Random pairs in each generation; the learner with the higher loss moves towards the other one.

    Pairs are asked for one after another.  The slow learners of all pairs move together at the end of the generation.
    Velocities belong to individuals and outlive generations in which these were teachers.  Of equal losses the
    first of the pair counts as the lower one, here and in the weights alike.

    Args:
        space: What the vectors stand for.
        population_size: Number of individuals, even.
        generations: How often the population learns.
        seed: Seed of all draws.
        evaluate_last: Whether the population that the last generation leaves is scored, too, in one more generation
            that moves nobody.  The released code stops before it.
        feasible: Which architectures are within the budget; `None` allows all.
        max_attempts: How many times a proposal outside the budget is drawn again.  Then a slow learner stays where it
            is, and an initial individual is refused.
        pairing: Who meets whom (`paired`): 'random', as released, 'fixed' or 'ranked'.
        direction: Who moves towards whom (`students_and_teachers`): 'fast', as released, 'slow', 'coin' or 'best'.
        r1: Range of the random share of the old velocity; released is 0 to 1, and (0, 0) keeps none.
        r2: Range of the random share of the way to the teacher.
        objectives: How many losses each individual has; several are compared by front and crowding.

    Raises:
        UserError: The population is odd or below 2, another number or setting is out of range, or no individual
            within the budget was found.
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
        """Whether all generations are told."""
        return self._generation == self.generations + self.evaluate_last

    @property
    def total_groups(self) -> int:
        """Pairs of the whole search."""
        return (self.generations + self.evaluate_last) * self._pairs_per_generation

    def ranking(self) -> list[Scored]:
        """The individuals among which `best` is chosen, from the lowest loss up; diverged ones are left out."""
        vectors, losses = self.population.scored
        losses = first_objective(losses)
        order = [number for number in np.argsort(losses, kind="stable") if np.isfinite(losses[number])]
        return [Scored(self._candidate(number, vectors[number]), float(losses[number])) for number in order]

    def ask(self) -> Group:
        """The next pair.

        Raises:
            UserError: The search is done.
        """
        return self.ask_ahead(1)[0]

    def ask_ahead(self, count: int) -> list[Group]:
        """The next pairs of this generation, at most `count`: none of them depends on the losses of another.

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
        """Takes the losses of a pair; after the last one of a generation the slow learners move.

        Raises:
            UserError: It is not the pair that `ask` gave, or the number of losses is not two (of each objective).
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
        """Where the search stands; with the same arguments `load_state_dict` continues from it exactly."""
        return {"generation": self._generation, "index": self._index, **self.population.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continues from what `state_dict` gave."""
        self._generation, self._index = int(state["generation"]), int(state["index"])
        self.population.load_state_dict(state)
        self._pairs = self._draw_pairs()

    def _candidate(self, number: int, vector: np.ndarray) -> Candidate:
        return Candidate(int(number), vector.copy(), self.space.decode(vector))

    def _draw_pairs(self) -> np.ndarray:
        rng = numpy_stream(self.seed, "pairs", 0 if self.pairing == "fixed" else self._generation)
        return paired(self.pairing, rng, fitness(self.population.last_losses))

    def _end_generation(self) -> None:
        population = self.population
        population.close_generation()
        if self._generation < self.generations:
            rng = numpy_stream(self.seed, "direction", self._generation)
            scores = fitness(population.last_losses)
            self._learn(*students_and_teachers(self._pairs, scores, self.direction, rng))
        self._generation, self._index = self._generation + 1, 0
        self._pairs = self._draw_pairs()

    def _learn(self, students: np.ndarray, teachers: np.ndarray) -> None:
        """Moves the slow learners; one that finds no place within the budget stays."""
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
