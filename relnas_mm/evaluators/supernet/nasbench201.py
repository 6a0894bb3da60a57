"""Cells of NAS-Bench-201 as subnets: each operation of each edge of each cell has its weights."""

from typing import cast

from relnas_mm.architectures import Architecture, NASBench201Cell
from relnas_mm.backends import Backend
from relnas_mm.errors import UserError
from relnas_mm.evaluators.supernet.family import SupernetFamily, Weights
from relnas_mm.networks import NetworkShape
from relnas_mm.networks.nasbench201 import NB201_EDGES, NB201_OPERATIONS, NB201Network
from relnas_mm.seeding import seeded, stream_seed
from relnas_mm.spaces import Space


class NASBench201Family(SupernetFamily):
    """Subnets of the benchmark's network; an edge has one operation, so nothing can be duplicated."""

    def __init__(self, shape: NetworkShape, seed: int, duplicates: str, space: Space | None):
        if duplicates != "shared":
            raise UserError(f"duplicates is {duplicates!r}; cells of NAS-Bench-201 have none: leave it out")
        self._shape, self._seed = shape, seed

    def initial_weights(self) -> Weights:
        """The weights of a network of each operation on all edges; what they have in common is that of the first."""
        weights: Weights = {}
        with seeded(stream_seed(self._seed, "weights")):
            for operation in NB201_OPERATIONS:
                state = NB201Network([operation] * len(NB201_EDGES), self._shape).state_dict()
                weights |= {name: value.detach() for name, value in state.items() if name not in weights}
        return weights

    def build(self, architecture: Architecture, backend: str | Backend) -> NB201Network:
        """Builds the network; its names are those of the shared weights."""
        return NB201Network(cast(NASBench201Cell, architecture).operations, self._shape, backend)

    def largest(self) -> NASBench201Cell:
        """3x3 convolutions everywhere."""
        return NASBench201Cell.of(["nor_conv_3x3"] * len(NB201_EDGES))
