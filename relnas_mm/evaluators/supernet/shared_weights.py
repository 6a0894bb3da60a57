"""The shared weights of a supernet: candidates copy from them and write back to them."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from relnas_mm.errors import UserError
from relnas_mm.strategies import Group

Weights = dict[str, Tensor]
_STAGED = "staged/"
WRITE_BACK = ("group", "generation", "never")
"""Named values of `write_back`; an integer means that many groups."""


class SharedWeights:
    """The shared weights (the paper's weight set) of a running search.

    Args:
        tensors: Initial weights by name.
        device: Their device, if there are none yet.
        write_back: 'group' makes a group's weights visible to the next group, as in the reference implementation; a
            number lets that many groups of a generation start from the same weights, 'generation' all of them.
            With 'never' nothing is written back, and all start from the initial weights.

    Raises:
        UserError: `write_back` is invalid.
    """

    def __init__(self, tensors: Weights, write_back: str | int = "group", device: torch.device | None = None):
        if write_back not in WRITE_BACK and (type(write_back) is not int or write_back < 1):
            allowed = ", ".join(map(repr, WRITE_BACK))
            raise UserError(f"write_back is {write_back!r}; allowed are {allowed} and a number of groups from 1 on")
        self.tensors = tensors
        self.device = device or next(iter(tensors.values())).device
        self._round = {"group": 1, "generation": None, "never": None}.get(write_back, write_back)  # type: ignore[arg-type]
        self._position = {name: position for position, name in enumerate(tensors)}
        self.frozen = write_back == "never"
        self._staged: Weights | None = None if self._round == 1 else {}

    def __contains__(self, name: str) -> bool:
        return name in self.tensors

    def add(self, tensors: Weights) -> None:
        """Adds initial weights; those that exist already stay as they are."""
        self.tensors |= {name: value for name, value in tensors.items() if name not in self.tensors}

    def shared(self, name: str) -> str:
        """Name of a network's weight in the supernet."""
        return name

    def copy_into(self, state: Mapping[str, Tensor]) -> None:
        """Copies the shared weights into the tensors of a network's state dict."""
        for name, tensor in state.items():
            tensor.copy_(self.tensors[name])

    def ordered(self, network: nn.Module) -> list[tuple[str, nn.Parameter]]:
        """Parameters of a network in the order of the supernet, so that sums over them round as in the reference."""
        return sorted(network.named_parameters(), key=lambda pair: self._position[pair[0]])

    def write_back(self, states: Sequence[Mapping[str, Tensor]]) -> None:
        """Writes the trained weights of a group back.

        A tensor that several candidates hold is taken from the first of them: stem, preprocessing and classifier from
        the teacher, and so are its operations; operations that only a student uses are taken from the student.

        Args:
            states: State dicts of the candidates, teacher first.
        """
        if self.frozen:
            return
        target = self.tensors if self._staged is None else self._staged
        for state in reversed(states):
            target.update({name: value.detach() for name, value in state.items()})

    def end_group(self, group: Group) -> None:
        """Makes written weights visible to the next group, if this one was the last of its round."""
        if self._staged is not None and self.left_in_round(group) == 1:
            self.tensors.update(self._staged)
            self._staged.clear()

    def left_in_round(self, group: Group) -> int:
        """Number of groups, from this one on, that start from the same weights."""
        left = group.groups_in_generation - group.index
        return left if self._round is None else min(left, self._round - group.index % self._round)

    def state_dict(self) -> dict[str, Tensor]:
        """All weights, and those staged until the end of their round."""
        return self.tensors | {_STAGED + name: value for name, value in (self._staged or {}).items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restores the result of `state_dict`, on the device of the present weights."""
        self.tensors = {name: value.to(self.device) for name, value in state.items() if not name.startswith(_STAGED)}
        if self._staged is not None:
            self._staged = {
                name.removeprefix(_STAGED): value.to(self.device)
                for name, value in state.items()
                if name.startswith(_STAGED)
            }
