"""What a strategy is to the search loop: it proposes groups of candidates and is told their losses."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from relnas_mm.architectures import Architecture

Feasible = Callable[[Architecture], bool]
"""Says whether an architecture is within the budget."""
Losses = Sequence[float] | Sequence[Sequence[float]]
"""The loss of each candidate of a group, or a list of numbers for each, the loss first."""


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
    architecture: Architecture
    epochs: int | None = None


@dataclass(frozen=True)
class Group:
    """Candidates that are trained from the same starting weights: a pair in RelativeNAS, one elsewhere.

    Args:
        generation: From 0.
        index: Position in the generation, from 0.
        groups_in_generation: Groups in the generation.
        progress: How much of the search lies behind, from 0 to 1; schedules follow it.
        candidates: The candidates.
        stage: Part of the search that it belongs to, where there are several.
        work: How much there is to do for it, in a unit of the strategy; the time left is foretold by it.
    """

    generation: int
    index: int
    groups_in_generation: int
    progress: float
    candidates: tuple[Candidate, ...]
    stage: str = ""
    work: float = 1.0

    @property
    def last(self) -> bool:
        """Whether it ends its generation."""
        return self.index == self.groups_in_generation - 1


@dataclass(frozen=True)
class Scored:
    """A candidate and its loss."""

    candidate: Candidate
    loss: float


class Strategy(ABC):
    """Proposes architectures.

    Attributes:
        objectives: How many losses it is told of each candidate.
        feasible: Says which architectures are within the budget; `None` where nothing is limited.
        required_objective: What the evaluator's loss must be (`Evaluator.objective`); `None` for anything.
    """

    required_objective: ClassVar[str | None] = None

    objectives: int = 1
    feasible: Feasible | None = None

    @property
    @abstractmethod
    def done(self) -> bool:
        """Whether there is nothing left to ask for."""

    @property
    @abstractmethod
    def total_groups(self) -> int:
        """How many groups the whole search asks for, as far as can be told by now."""

    @property
    def work_left(self) -> float | None:
        """Expected work of the groups to come, in the unit of `Group.work`; `None` means 1 for each of them."""
        return None

    @property
    def best(self) -> Scored | None:
        """The winner so far; `None` before any loss is known."""
        return next(iter(self.ranking()), None)

    @abstractmethod
    def ranking(self) -> list[Scored]:
        """The candidates from which the winner is chosen, best first; diverged ones are left out."""

    @abstractmethod
    def ask(self) -> Group:
        """The next group; the same one until `tell`.

        Raises:
            UserError: The search is done.
        """

    def ask_ahead(self, count: int) -> list[Group]:
        """The next groups, at least one and at most `count`, none of which depends on the losses of another.

        Raises:
            UserError: The search is done.
        """
        return [self.ask()]

    @abstractmethod
    def tell(self, group: Group, losses: Losses) -> None:
        """Takes the losses of the group that `ask` gave, lower is better; what is not finite counts as the worst.

        A strategy of several objectives is told that many numbers for each candidate, the loss first.

        Raises:
            UserError: It is another group, or the number of losses is another one.
        """

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Arrays and numbers from which `load_state_dict` continues exactly, with the same arguments."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continues from what `state_dict` gave."""


def nonfinite_to_inf(losses: Losses | np.ndarray) -> np.ndarray:
    """Losses that can be ordered: whatever is not finite counts as infinite and loses."""
    losses = np.asarray(losses, dtype=np.float64)
    return np.where(np.isfinite(losses), losses, np.inf)


def teachers_first(losses: Sequence[float]) -> list[int]:
    """Positions of a group from the lowest loss to the highest; of equal losses the earlier position comes first."""
    return np.argsort(nonfinite_to_inf(losses), kind="stable").tolist()
