"""How candidates take from the shared weights and write back to them."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from relnas_mm.errors import UserError
from relnas_mm.evaluators.supernet.initial_weights import Weights
from relnas_mm.strategies import Group

_STAGED = "staged/"
WRITE_BACK = ("group", "generation")
"""When the next group may start from what was learned; a whole number stands for that many groups."""


class SharedWeights:
    """The weight set of a running search.

    Args:
        tensors: The weights to start from, by name.
        write_back: 'group' lets the next group start from what this one learned, as released; a number lets that many
            groups of a generation start alike, 'generation' all of them.

    Raises:
        UserError: `write_back` is another one.
    """

    def __init__(self, tensors: Weights, write_back: str | int = "group"):
        if write_back not in WRITE_BACK and (type(write_back) is not int or write_back < 1):
            allowed = ", ".join(map(repr, WRITE_BACK))
            raise UserError(f"write_back is {write_back!r}; allowed are {allowed} and a number of groups from 1 on")
        self.tensors = tensors
        self._round = {"group": 1, "generation": None}.get(write_back, write_back)  # type: ignore[arg-type]
        self._position = {name: place for place, name in enumerate(tensors)}
        self._staged: Weights | None = None if self._round == 1 else {}

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(iter(self.tensors.values())).device

    def copy_into(self, state: Mapping[str, Tensor]) -> None:
        """Gives the tensors of a network's state dict the values of the shared weights."""
        for name, own in state.items():
            own.copy_(self.tensors[name])

    def ordered(self, network: nn.Module) -> list[tuple[str, nn.Parameter]]:
        """Parameters of a network in the order of the weight set, so that sums over them round as in a supernet."""
        return sorted(network.named_parameters(), key=lambda pair: self._position[pair[0]])

    def write_back(self, learners: Sequence[Mapping[str, Tensor]]) -> None:
        """Writes what the learners of a group made of their weights.

        What several of them hold is taken from the first: everything outside the operations from the teacher, its
        operations too, and an operation that only a student uses from that one.  All else stays.

        Args:
            learners: State dicts of the candidates, teacher first.
        """
        target = self.tensors if self._staged is None else self._staged
        for learner in reversed(learners):
            target.update({name: value.detach() for name, value in learner.items()})

    def end_group(self, group: Group) -> None:
        """Makes what was written visible to the next group, if this one was the last that started alike."""
        if self._staged is not None and self.left_in_round(group) == 1:
            self.tensors.update(self._staged)
            self._staged.clear()

    def left_in_round(self, group: Group) -> int:
        """How many groups from this one on start alike."""
        left = group.groups_in_generation - group.index
        return left if self._round is None else min(left, self._round - group.index % self._round)

    def state_dict(self) -> dict[str, Tensor]:
        """All weights, and those that wait for the end of their round."""
        return self.tensors | {_STAGED + name: value for name, value in (self._staged or {}).items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes what `state_dict` gave, onto the device of the weights at hand."""
        device = self.device
        self.tensors = {name: value.to(device) for name, value in state.items() if not name.startswith(_STAGED)}
        if self._staged is not None:
            self._staged = {
                name.removeprefix(_STAGED): value.to(device)
                for name, value in state.items()
                if name.startswith(_STAGED)
            }
