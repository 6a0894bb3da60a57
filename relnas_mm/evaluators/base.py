"""The contract of evaluators: they score the candidates of groups."""

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
    """The result of evaluating a candidate.

    Args:
        loss: Value that strategies minimize; NaN if the candidate diverged.
        metrics: Further values to record: accuracy in percent, training loss, parameters, seconds.
    """

    loss: float
    metrics: dict[str, float] = field(default_factory=dict)


class Evaluator(ABC):
    """Scores candidates; shared weights are its state.

    Subclasses implement `evaluate`; the other methods have defaults for stateless evaluators.

    Attributes:
        kinds: Supported families of architectures (`Architecture.kind`); `None` for all.
        objective: Meaning of `Evaluation.loss`: 'loss' (such as cross-entropy) or 'error' (in percent).
        independent: Whether a score depends on the candidate and its number alone, so that candidates can be scored
            anywhere and in any order.
    """

    kinds: ClassVar[tuple[str, ...] | None] = None
    objective: str = "loss"
    independent: bool = False

    @abstractmethod
    def evaluate(self, groups: Sequence[Group], upcoming: Sequence[Group] = ()) -> list[list[Evaluation]]:
        """Evaluates all candidates of some groups.

        Args:
            groups: At most `groups_per_round` groups.
            upcoming: Groups that are likely to follow, for which an evaluator may prepare.  They have no effect on
                results.

        Returns:
            One result per candidate of each group, in order.
        """

    def groups_per_round(self, group: Group) -> int:
        """Number of groups, from this one on, to evaluate together, from the same state."""
        return 1

    def rescore(self, candidate: Candidate) -> Evaluation:
        """Scores a candidate more precisely than is affordable during a search.

        Raises:
            UserError: The evaluator does not support it.
        """
        raise UserError(f"{type(self).__name__} cannot rescore {candidate.architecture}: it has no more precise score")

    def memory_estimate(self) -> MemoryEstimate | None:
        """Estimates the memory of a search; `None` where it is negligible."""
        return None

    def state_dict(self) -> dict[str, Tensor]:
        """Tensors from which `load_state_dict` resumes exactly."""
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:  # noqa: B027  the default of stateless evaluators
        """Restores the state from the result of `state_dict`."""
