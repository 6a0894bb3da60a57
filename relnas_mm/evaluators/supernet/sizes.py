"""Names of shared weights in a search over widths, depths and places of reductions.

Networks of one width share the weights of a cell at the same position of the same stage, whatever their depth; widths
share nothing.  Preprocessing also depends on the cells before, so its name tells them.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn

from relnas_mm.networks import CellPlan

if TYPE_CHECKING:
    from relnas_mm.evaluators.supernet.shared_weights import SharedWeights


def shared_names(names: Sequence[str], plans: Sequence[CellPlan]) -> dict[str, str]:
    """Names in the supernet of all sizes, by those in a network or supernet of one size.

    Args:
        names: Names such as `cells.3.preprocess0.op.1.weight`.
        plans: Plans of the cells.
    """
    width = f"width{plans[0].channels}"
    positions: list[tuple[int, int]] = []
    stage = cell = 0
    for plan in plans:
        stage, cell = (stage + 1, 0) if plan.reduction else (stage, cell + bool(plan.index))
        positions.append((stage, cell))
    found = {}
    for name in names:
        own = name
        if name.startswith("cells."):
            _, index, part, *rest = name.split(".")
            plan, (stage, cell) = plans[int(index)], positions[int(index)]
            if part.startswith("preprocess"):
                reduced = "-reduced" if part == "preprocess0" and plan.previous_reduction is not None else ""
                part = f"{part}-of-{plan.inputs[int(part[-1])]}{reduced}"
            own = ".".join([f"stage{stage}", str(cell), part, *rest])
        found[name] = f"{width}.{own}"
    return found


class WeightsOfSize:
    """The shared weights under the names of one network, as `CandidateTrainer` reads them.

    Args:
        weights: The shared weights of all sizes.
        names: Their names by those of the network (`shared_names`), in the order of its supernet.
    """

    def __init__(self, weights: "SharedWeights", names: Mapping[str, str]):
        self._weights, self._names = weights, names
        self._position = {name: position for position, name in enumerate(names)}
        self.device = weights.device

    def __contains__(self, name: str) -> bool:
        return self.shared(name) in self._weights

    def shared(self, name: str) -> str:
        """Name in the supernet of all sizes, also of momentum."""
        prefix, slash, own = name.rpartition("/")
        return f"{prefix}{slash}{self._names[own]}"

    def copy_into(self, state: Mapping[str, Tensor]) -> None:
        """Copies the shared weights into the tensors of a network's state dict."""
        self._weights.copy_into({self.shared(name): tensor for name, tensor in state.items()})

    def ordered(self, network: nn.Module) -> list[tuple[str, nn.Parameter]]:
        """Parameters of a network in the order of the supernet of its size."""
        return sorted(network.named_parameters(), key=lambda pair: self._position[pair[0]])
