"""What a strategy is to the search loop: it proposes groups of candidates and is told their losses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

Feasible = Callable[[Any], bool]
"""Says whether an architecture is within the budget."""


@dataclass(frozen=True)
class Candidate:
    """One architecture that is to be scored.

    Args:
        number: Which individual of the population it is.
        vector: Its place in the space, shape (d,).
        architecture: What the vector stands for.
        epochs: How long the strategy wants it trained; `None` leaves that to the evaluator.
    """

    number: int
    vector: np.ndarray
    architecture: Any
    epochs: int | None = None


@dataclass(frozen=True)
class Group:
    """Candidates that are trained from the same starting weights: a pair in RelativeNAS, one elsewhere.

    Args:
        generation: From 0.
        index: Position in the generation, from 0.
        size: Groups in the generation.
        progress: How much of the search lies behind, from 0 to 1; schedules follow it.
        candidates: The candidates.
        stage: Part of the search that it belongs to, where there are several.
        work: How much there is to do for it, in a unit of the strategy; the time left is foretold by it.
    """

    generation: int
    index: int
    size: int
    progress: float
    candidates: tuple[Candidate, ...]
    stage: str = ""
    work: float = 1.0

    @property
    def last(self) -> bool:
        """Whether it ends its generation."""
        return self.index == self.size - 1


@dataclass(frozen=True)
class Scored:
    """A candidate and its loss."""

    candidate: Candidate
    loss: float


@runtime_checkable
class Strategy(Protocol):
    """Proposes architectures.

    Attributes:
        done: Whether there is nothing left to ask for.
        total_groups: How many groups the whole search asks for.
    """

    @property
    def done(self) -> bool: ...

    @property
    def total_groups(self) -> int: ...

    @property
    def best(self) -> Scored | None:
        """The winner so far; `None` before any loss is known."""
        ...

    def ranking(self) -> list[Scored]:
        """The candidates from which the winner is chosen, best first."""
        ...

    def ask(self) -> Group:
        """The next group; the same one until `tell`."""
        ...

    def tell(self, group: Group, losses: Sequence[float] | Sequence[Sequence[float]]) -> None:
        """Takes the losses of the group that `ask` gave, lower is better; NaN counts as the worst.

        A strategy of several objectives is told that many numbers for each candidate, the loss first.
        """
        ...

    def state_dict(self) -> dict[str, Any]:
        """Arrays and numbers from which `load_state_dict` continues exactly."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None: ...


def comparable(losses: Sequence[float] | Sequence[Sequence[float]] | np.ndarray) -> np.ndarray:
    """Losses that can be ordered: whatever is not finite counts as infinite and loses."""
    losses = np.asarray(losses, dtype=np.float64)
    return np.where(np.isfinite(losses), losses, np.inf)


def teachers_first(losses: Sequence[float]) -> list[int]:
    """Positions of a group from the lowest loss to the highest; of equal losses the earlier position comes first."""
    return np.argsort(comparable(losses), kind="stable").tolist()
