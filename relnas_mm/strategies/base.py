"""The contract of strategies: they propose groups of candidates and are told their losses."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from relnas_mm.architectures import Architecture

Feasible = Callable[[Architecture], bool]
"""Says whether an architecture is within the budget."""
Losses = Sequence[float] | Sequence[Sequence[float]]
"""The loss of each candidate of a group, or a list of objectives for each, the loss first."""


@dataclass(frozen=True)
class Candidate:
    """An architecture to evaluate.

    Args:
        number: Index of the individual in its population.
        vector: Position in the search space, shape (d,).
        architecture: The decoded vector.
        epochs: Epochs to train for; `None` leaves them to the evaluator.
    """

    number: int
    vector: np.ndarray
    architecture: Architecture
    epochs: int | None = None


@dataclass(frozen=True)
class Group:
    """Candidates that start from the same weights: a pair in RelativeNAS, a single candidate elsewhere.

    Args:
        generation: Index of the generation, from 0.
        index: Position in the generation, from 0.
        groups_in_generation: Number of groups in the generation.
        progress: Elapsed fraction of the search, 0 to 1, for schedules.
        candidates: The candidates.
        stage: Name of the stage, in searches that have stages.
        work: Cost of evaluating the group, in a unit of the strategy, from which the remaining time is estimated.
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
        """Whether this is the last group of its generation."""
        return self.index == self.groups_in_generation - 1


@dataclass(frozen=True)
class Scored:
    """A candidate and its loss."""

    candidate: Candidate
    loss: float


class Strategy(ABC):
    """Proposes architectures by ask and tell.

    Attributes:
        objectives: Number of losses per candidate.
        compare: How several objectives are compared (`relnas_mm.strategies.objectives.fitness`).
        feasible: Whether an architecture is within the budget; `None` without a budget.
        required_objective: Required `Evaluator.objective`; `None` for any.
    """

    required_objective: ClassVar[str | None] = None

    objectives: int = 1
    compare: str = "pareto"
    feasible: Feasible | None = None

    @property
    @abstractmethod
    def done(self) -> bool:
        """Whether the search is finished."""

    @property
    @abstractmethod
    def total_groups(self) -> int:
        """Number of groups of the whole search, or its current estimate."""

    @property
    def work_left(self) -> float | None:
        """Expected work of the remaining groups, in the unit of `Group.work`; `None` means 1 per group."""
        return None

    @property
    def best(self) -> Scored | None:
        """The best candidate so far; `None` before any finite loss is known."""
        return next(iter(self.ranking()), None)

    @abstractmethod
    def ranking(self) -> list[Scored]:
        """The candidates from which the winner is chosen, best first, without diverged ones."""

    @abstractmethod
    def ask(self) -> Group:
        """The next group; the same one until `tell`.

        Raises:
            UserError: The search is done.
        """

    def ask_ahead(self, count: int) -> list[Group]:
        """The next groups, between 1 and `count`, none of which depends on the losses of another.

        Raises:
            UserError: The search is done.
        """
        return [self.ask()]

    @abstractmethod
    def tell(self, group: Group, losses: Losses) -> None:
        """Records the losses of the group that `ask` returned.

        Args:
            group: The group.
            losses: Losses of its candidates, lower is better; non-finite ones count as infinite.  With several
                objectives, a list of that many numbers per candidate, the loss first.

        Raises:
            UserError: The group is another one, or the number of losses is wrong.
        """

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Arrays and numbers from which a strategy with the same arguments resumes exactly."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restores the state from the result of `state_dict`."""


def nonfinite_to_inf(losses: Losses | np.ndarray) -> np.ndarray:
    """Replaces non-finite losses by infinity, so that losses can be ordered."""
    losses = np.asarray(losses, dtype=np.float64)
    return np.where(np.isfinite(losses), losses, np.inf)


def teachers_first(losses: Sequence[float]) -> list[int]:
    """Indices in a group by ascending loss; ties keep their order."""
    return np.argsort(nonfinite_to_inf(losses), kind="stable").tolist()
