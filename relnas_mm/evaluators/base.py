"""What an evaluator is to a search: it scores the candidates of groups."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor

from relnas_mm.errors import UserError
from relnas_mm.evaluators.memory_estimate import MemoryEstimate
from relnas_mm.strategies import Candidate, Group


@dataclass(frozen=True)
class Evaluation:
    """What is known of a candidate after its evaluation.

    Args:
        loss: What the strategy compares, lower is better; NaN if the candidate diverged.
        metrics: Anything else worth recording: accuracy in percent, training loss, parameters, seconds.
    """

    loss: float
    metrics: dict[str, float] = field(default_factory=dict)


class Evaluator(ABC):
    """Scores candidates; what it learns on the way is its state.

    A subclass has to give `evaluate`; everything else has a default for evaluators that learn nothing.

    Attributes:
        kinds: Families of architectures that it scores (`Architecture.kind`); `None` for every family.
        objective: What `Evaluation.loss` is: 'loss' (cross-entropy or the like) or 'error' (in percent).
    """

    kinds: ClassVar[tuple[str, ...] | None] = None
    objective: str = "loss"

    @abstractmethod
    def evaluate(self, groups: Sequence[Group], upcoming: Sequence[Group] = ()) -> list[list[Evaluation]]:
        """One result for each candidate of each group, in their order.

        Args:
            groups: As many as `groups_per_round` allows.
            upcoming: Groups that are likely to be asked for next; an evaluator may prepare for them, without an effect
                on results.
        """

    def groups_per_round(self, group: Group) -> int:
        """How many groups, from this one on, are to be evaluated together; they start from the same state."""
        return 1

    def rescore(self, candidate: Candidate) -> Evaluation:
        """Scores a candidate more precisely than a search can afford.

        Raises:
            UserError: The evaluator has nothing more precise.
        """
        raise UserError(f"{type(self).__name__} has nothing more precise to score {candidate.architecture} by")

    def memory_estimate(self) -> MemoryEstimate | None:
        """An estimate of the memory that a search takes; `None` where none is needed."""
        return None

    def state_dict(self) -> dict[str, Tensor]:
        """Tensors from which `load_state_dict` continues exactly."""
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:  # noqa: B027  a default, not a hole
        """Takes what `state_dict` gave."""
