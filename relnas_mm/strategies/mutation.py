"""Mutations and neighbours of an architecture: another operation, or another input of a node."""

import numpy as np

from relnas_mm.errors import UserError
from relnas_mm.spaces import Space


def choice_counts(space: Space) -> np.ndarray:
    """Number of choices of each dimension, integers, shape (d,)."""
    return space.upper.astype(np.int64)


def with_choice(vector: np.ndarray, dimension: int, choice: int) -> np.ndarray:
    """A copy of a vector with one dimension at the center of another bin."""
    changed = vector.copy()
    changed[dimension] = choice + 0.5
    return changed


def mutate(vector: np.ndarray, space: Space, rng: np.random.Generator, edge_rate: float | None = None) -> np.ndarray:
    """Returns a copy of a vector with one choice changed.

    Args:
        vector: Shape (d,).
        space: Its search space.
        rng: Random generator.
        edge_rate: Probability of changing an input of a node instead of an operation; `None` chooses uniformly among
            all dimensions.  Ignored in spaces without input choices.
    """
    counts = choice_counts(space)
    open_dimensions = counts > 1
    if edge_rate is not None and space.is_input_choice.any():
        open_dimensions &= space.is_input_choice == (rng.random() < edge_rate)
    dimension = int(rng.choice(np.flatnonzero(open_dimensions)))
    old = int(space.indices(vector)[dimension])
    return with_choice(vector, dimension, (old + int(rng.integers(1, counts[dimension]))) % int(counts[dimension]))


def neighbours(vector: np.ndarray, space: Space) -> list[np.ndarray]:
    """All vectors that differ in one choice, in the order of dimensions."""
    indices = space.indices(vector)
    return [
        with_choice(vector, dimension, choice)
        for dimension, count in enumerate(choice_counts(space))
        for choice in range(count)
        if choice != indices[dimension]
    ]


def check_rate(edge_rate: float | None) -> None:
    """Checks that `edge_rate` is a probability or `None`.

    Raises:
        UserError: It is neither.
    """
    if edge_rate is not None and not 0 <= edge_rate <= 1:
        raise UserError(f"edge_rate is {edge_rate!r}; it must be from 0 to 1, or None")
