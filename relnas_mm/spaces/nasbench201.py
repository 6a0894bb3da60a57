"""The search space of NAS-Bench-201 (Dong and Yang, ICLR 2020): a cell of four nodes with an operation on each edge."""

from typing import ClassVar

import numpy as np

from relnas_mm.architectures import NASBench201Cell
from relnas_mm.networks.nasbench201 import NB201_EDGES, NB201_OPERATIONS
from relnas_mm.spaces.base import Space


class NASBench201Space(Space):
    """Six numbers, the operations of the edges."""

    kind: ClassVar[str] = NASBench201Cell.kind

    def __init__(self) -> None:
        super().__init__([len(NB201_OPERATIONS)] * len(NB201_EDGES))

    def decode(self, vector: np.ndarray) -> NASBench201Cell:
        """Decodes one vector, shape (6,)."""
        return NASBench201Cell.of([NB201_OPERATIONS[index] for index in self.indices(vector).tolist()])
