"""A search with made-up losses."""

from collections.abc import Callable
from typing import Any, NamedTuple

from relnas_mm.strategies import Strategy


class Told(NamedTuple):
    """A group that a strategy asked for, and the losses that it was told.

    Args:
        place: Generation, index in it, and how many groups it has.
        numbers: Number of each candidate.
        vectors: Vector of each, as lists.
        architectures: What each stands for.
        losses: Loss of each.
    """

    place: tuple[int, int, int]
    numbers: list[int]
    vectors: list[list[float]]
    architectures: list[Any]
    losses: list[Any]


def run_strategy(strategy: Strategy, loss: Callable[[Any], Any], until: int | None = None) -> list[Told]:
    """Lets a strategy work.

    Args:
        strategy: The strategy.
        loss: Gives the loss of a candidate.
        until: Stop after so many groups; `None` goes on to the end.
    """
    log: list[Told] = []
    while not strategy.done and len(log) != until:
        group = strategy.ask()
        losses = [loss(candidate) for candidate in group.candidates]
        strategy.tell(group, losses)
        place = group.generation, group.index, group.groups_in_generation
        numbers, vectors = [c.number for c in group.candidates], [c.vector.tolist() for c in group.candidates]
        log.append(Told(place, numbers, vectors, [c.architecture for c in group.candidates], losses))
    return log
