"""Pairing and direction of slow-fast learning: those of the reference implementation, and ablations."""

import numpy as np

from relnas_mm.errors import UserError

PAIRINGS = ("random", "fixed", "ranked")
DIRECTIONS = ("fast", "slow", "coin", "best")
Range = tuple[float, float]


def check_learning(pairing: str, direction: str, r1: Range, r2: Range) -> None:
    """Checks the settings of slow-fast learning.

    Raises:
        UserError: A setting is unknown, or a range is not `(low, high)` with 0 <= low <= high.
    """
    for name, value, allowed in (("pairing", pairing, PAIRINGS), ("direction", direction, DIRECTIONS)):
        if value not in allowed:
            raise UserError(f"{name} of SlowFastLearning is {value!r}; allowed are {', '.join(map(repr, allowed))}")
    for name, bounds in (("r1", r1), ("r2", r2)):
        if len(bounds) != 2 or not 0 <= bounds[0] <= bounds[1]:
            raise UserError(f"{name} of SlowFastLearning is {bounds!r}; it must be (low, high) with 0 <= low <= high")


def paired(pairing: str, rng: np.random.Generator, scores: np.ndarray) -> np.ndarray:
    """Draws the pairs of a generation, shape (n / 2, 2).

    Args:
        pairing: 'random' and 'fixed' use a random permutation; 'ranked' pairs the k-th best of the better half with the
            k-th best of the worse half, in random order.
        rng: Generator of the generation, or of the search for 'fixed'.
        scores: Fitness in the previous generation, lower is better, shape (n,); NaN before the first, whose pairs are
            always random.
    """
    numbers = rng.permutation(len(scores))
    if pairing == "ranked" and not np.isnan(scores).any():
        halves = np.argsort(scores, kind="stable").reshape(2, -1)
        return halves.T[numbers[numbers < len(scores) // 2]]
    return numbers.reshape(-1, 2)


def students_and_teachers(
    pairs: np.ndarray, scores: np.ndarray, direction: str, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Selects the student and the teacher of each pair, each of shape (n / 2,).

    Args:
        pairs: Indices of the individuals, shape (n / 2, 2).
        scores: Fitness, lower is better, shape (n,).
        direction: 'fast', as in the reference implementation, moves the worse one of a pair towards the better one;
            'slow' the better towards the worse; 'coin' chooses at random; 'best' moves the worse one towards the best
            individual of the population.
        rng: Generator for 'coin'.
    """
    order = np.argsort(scores[pairs], axis=1, kind="stable")
    teachers, students = np.take_along_axis(pairs, order, axis=1).T
    if direction == "best":
        return students, np.full_like(students, np.argmin(scores))
    swapped = {"fast": False, "slow": True}.get(direction, rng.random(len(pairs)) < 0.5)
    return np.where(swapped, teachers, students), np.where(swapped, students, teachers)
