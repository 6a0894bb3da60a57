"""From an architecture to a network of its own: what candidates that share nothing are trained as."""

from typing import Any

from relnas_mm.cells import CellTrunk
from relnas_mm.chains import Chain, ChainNetwork
from relnas_mm.errors import UserError
from relnas_mm.evaluators.candidate_network import CandidateNetwork
from relnas_mm.evaluators.slots import separate_slots
from relnas_mm.evaluators.weight_set import NetworkShape
from relnas_mm.genotype import Genotype


def network_of(
    architecture: Any, shape: NetworkShape, bit_exact: bool = True, kernels: str = "torch"
) -> "CellTrunk | ChainNetwork":
    """The classifier of an architecture, with PyTorch's default initialization.

    Args:
        architecture: A genotype, or a chain, which is a whole network by itself.
        shape: The network around cells; of a chain only its channels of the images and its classes.
        bit_exact: As `CandidateNetwork`; chains have no such order.
        kernels: Likewise.

    Raises:
        UserError: The architecture is of another kind.
    """
    if isinstance(architecture, Genotype):
        return CandidateNetwork(architecture, shape, separate_slots, bit_exact, kernels)
    if isinstance(architecture, Chain):
        return ChainNetwork(architecture, shape.in_channels, shape.num_classes)
    raise UserError(
        f"{architecture!r} is no network that can be trained; StandAloneEvaluator takes architectures of CellSpace and "
        "MacroMicroSpace"
    )
