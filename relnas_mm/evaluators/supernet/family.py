"""What families of architectures share: initial weights, and networks that take them by name."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from torch import Tensor

from relnas_mm.architectures import Architecture
from relnas_mm.backends import Backend
from relnas_mm.networks import CellNetwork, NetworkShape
from relnas_mm.networks.nasbench201 import NB201Network
from relnas_mm.spaces import Space

if TYPE_CHECKING:
    from relnas_mm.evaluators.supernet.shared_weights import SharedWeights
    from relnas_mm.evaluators.supernet.sizes import WeightsOfSize

Weights = dict[str, Tensor]
Subnet = CellNetwork | NB201Network


class SupernetFamily(ABC):
    """Shared weights and networks of one family (`Architecture.kind`).

    Args:
        shape: Size of the network.
        seed: Seed of the initial weights.
        duplicates: Argument of `SupernetEvaluator`.
        space: The search space, or `None`.

    Raises:
        UserError: The family has no networks of this shape, or an argument does not apply to it.
    """

    @abstractmethod
    def __init__(self, shape: NetworkShape, seed: int, duplicates: str, space: Space | None): ...

    @abstractmethod
    def initial_weights(self) -> Weights:
        """The shared weights before the search, by name; those that a size adds later are left out."""

    @abstractmethod
    def build(self, architecture: Architecture, backend: str | Backend) -> Subnet:
        """Builds the network of an architecture, whose state dict has the names that `weights_of` translates."""

    @abstractmethod
    def largest(self) -> Architecture:
        """The architecture whose training takes the most memory."""

    def weights_of(self, architecture: Architecture, weights: "SharedWeights") -> "SharedWeights | WeightsOfSize":
        """The shared weights under the names of an architecture's network; adds those that it is the first to need."""
        return weights


FamilyMaker = Callable[[NetworkShape, int, str, Space | None], SupernetFamily]
Families = Mapping[str, FamilyMaker]
