"""Genotypes as subnets: all operations on all edges of all cells share weights."""

from typing import cast

from relnas_mm.architectures import Architecture, Genotype
from relnas_mm.backends import Backend
from relnas_mm.evaluators.supernet.family import SupernetFamily, Weights
from relnas_mm.evaluators.supernet.initial_weights import initial_weights, initial_weights_of_size
from relnas_mm.evaluators.supernet.op_ids import op_ids_for
from relnas_mm.evaluators.supernet.shared_weights import SharedWeights
from relnas_mm.evaluators.supernet.sizes import WeightsOfSize
from relnas_mm.networks import CellNetwork, NetworkShape
from relnas_mm.spaces import Space


class GenotypeFamily(SupernetFamily):
    """Subnets of genotypes; if the space has sizes, each size is initialized when it first occurs."""

    def __init__(self, shape: NetworkShape, seed: int, duplicates: str, space: Space | None):
        self._shape, self._seed, self._duplicates = shape, seed, duplicates
        self._op_ids = op_ids_for(duplicates)
        self._sizes = list(space.sizes()) if space is not None and space.has_sizes else []
        self._of_size: dict[NetworkShape, WeightsOfSize] = {}

    def initial_weights(self) -> Weights:
        """All operations on all edges of all cells; nothing in a space of sizes."""
        return {} if self._sizes else initial_weights(self._shape, self._seed, self._duplicates)

    def build(self, architecture: Architecture, backend: str | Backend) -> CellNetwork:
        """Builds a `CellNetwork` whose operations are numbered as in the supernet."""
        genotype = cast(Genotype, architecture)
        return CellNetwork(genotype, genotype.sized(self._shape), self._op_ids, backend)

    def largest(self) -> Genotype:
        """Cells that consist of the largest operation, in the largest size."""
        edges = (("sep_conv_5x5", 0), ("sep_conv_5x5", 1)) * 4
        sizes = [Genotype(normal=edges, reduce=edges, **size) for size in self._sizes or [{}]]
        return max(sizes, key=lambda genotype: genotype.cost(self._shape).macs)

    def weights_of(self, architecture: Architecture, weights: SharedWeights) -> SharedWeights | WeightsOfSize:
        """In a space of sizes, a view of the shared weights of all sizes."""
        if not self._sizes:
            return weights
        shape = cast(Genotype, architecture).sized(self._shape)
        if shape not in self._of_size:
            tensors, names = initial_weights_of_size(shape, self._seed, self._duplicates, weights.tensors)
            weights.add({name: value.to(weights.device) for name, value in tensors.items()})
            self._of_size[shape] = WeightsOfSize(weights, names)
        return self._of_size[shape]
