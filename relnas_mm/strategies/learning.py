"""Who learns from whom in slow-fast learning: the released choice, and others to measure it against."""

import numpy as np

from relnas_mm.errors import UserError

PAIRINGS = ("random", "fixed", "ranked")
DIRECTIONS = ("fast", "slow", "coin", "best")
Range = tuple[float, float]


def check_learning(pairing: str, direction: str, r1: Range, r2: Range) -> None:
    """Makes sure that settings of slow-fast learning exist.

    Raises:
        UserError: One does not, or a range is not `(low, high)` with 0 <= low <= high.
    """
    for name, value, allowed in (("pairing", pairing, PAIRINGS), ("direction", direction, DIRECTIONS)):
        if value not in allowed:
            raise UserError(f"{name} of SlowFastLearning is {value!r}; allowed are {', '.join(map(repr, allowed))}")
    for name, bounds in (("r1", r1), ("r2", r2)):
        if len(bounds) != 2 or not 0 <= bounds[0] <= bounds[1]:
            raise UserError(f"{name} of SlowFastLearning is {bounds!r}; it must be (low, high) with 0 <= low <= high")


def paired(pairing: str, rng: np.random.Generator, scores: np.ndarray) -> np.ndarray:
    """The pairs of a generation, shape (n / 2, 2).

    Args:
        pairing: 'random' and 'fixed' take `rng`'s permutation; 'ranked' lets the k-th best of the better half meet the
            k-th best of the worse half, in random order of the pairs.
        rng: Belongs to the generation, for 'fixed' to the search.
        scores: Fitness in the generation before, shape (n,); NaN before the first, whose pairs are always random.
    """
    numbers = rng.permutation(len(scores))
    if pairing == "ranked" and not np.isnan(scores).any():
        halves = np.argsort(scores, kind="stable").reshape(2, -1)
        return halves.T[numbers[numbers < len(scores) // 2]]
    return numbers.reshape(-1, 2)


def students_and_teachers(
    pairs: np.ndarray, scores: np.ndarray, direction: str, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Who moves, and towards whom, each of shape (n / 2,).

    Args:
        pairs: Numbers of the individuals, shape (n / 2, 2).
        scores: Fitness, lower is better, shape (n,).
        direction: 'fast' moves the worse one of a pair towards the better one, as released; 'slow' the better one
            towards the worse one; 'coin' tosses for each pair; 'best' moves the worse one towards the best of all.
        rng: Decides the tosses.
    """
    order = np.argsort(scores[pairs], axis=1, kind="stable")
    teachers, students = np.take_along_axis(pairs, order, axis=1).T
    if direction == "best":
        return students, np.full_like(students, np.argmin(scores))
    swapped = {"fast": False, "slow": True}.get(direction, rng.random(len(pairs)) < 0.5)
    return np.where(swapped, teachers, students), np.where(swapped, students, teachers)
