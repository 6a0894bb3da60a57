"""What an evaluator is to the search loop: it scores the candidates of a group."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from torch import Tensor

from relnas_mm.strategies import Group


@dataclass(frozen=True)
class Evaluation:
    """What is known of a candidate after its evaluation.

    Args:
        loss: What the strategy compares, lower is better; NaN if the candidate diverged.
        metrics: Anything else worth recording: accuracy in percent, training loss, parameters, seconds.
    """

    loss: float
    metrics: dict[str, float] = field(default_factory=dict)


@runtime_checkable
class Evaluator(Protocol):
    """Scores candidates; what it learns on the way is its state."""

    def evaluate(self, group: Group) -> list[Evaluation]:
        """One result for each candidate of the group, in its order."""
        ...

    def state_dict(self) -> dict[str, Tensor]:
        """Tensors from which `load_state_dict` continues exactly."""
        ...

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None: ...
