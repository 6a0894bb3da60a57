"""The search space of RelativeNAS: a normal and a reduction cell as 32 numbers (Tan et al., TNNLS 2021)."""

from typing import ClassVar

import numpy as np

from relnas_mm.architectures import OPERATIONS, Genotype
from relnas_mm.errors import UserError
from relnas_mm.spaces.base import Space

SEARCH_OPERATIONS = OPERATIONS[:7]
"""The candidate operations, in the order of their indices."""

NODES = 4
ROUNDINGS = ("ceil", "floor")


class CellSpace(Space):
    """Two cells of four intermediate nodes, each node with two inputs.

    Dimensions 0 to 15 encode the normal cell, 16 to 31 the reduction cell; each node takes four of them: first input
    node, first operation, second input node, second operation.

    Args:
        rounding: 'ceil', as in the reference implementation, decodes a value w to `max(ceil(w) - 1, 0)`, so 1.0 decodes
            to 0.  'floor' decodes it to `floor(w)`, and the upper bound to the last choice.

    Raises:
        UserError: `rounding` is unknown.
    """

    kind: ClassVar[str] = Genotype.kind

    def __init__(self, rounding: str = "ceil"):
        if rounding not in ROUNDINGS:
            raise UserError(f"rounding of CellSpace is {rounding!r}; allowed are {', '.join(map(repr, ROUNDINGS))}")
        self.rounding = rounding
        cell = [bound for node in range(NODES) for bound in (node + 2, len(SEARCH_OPERATIONS)) * 2]
        super().__init__(cell * 2, [True, False] * len(cell))

    def indices(self, vectors: np.ndarray) -> np.ndarray:
        """Indices of input nodes and operations, integers of the shape of `vectors`, (..., 32).

        Raises:
            UserError: A vector is outside the box.
        """
        if self.rounding == "ceil":
            return super().indices(vectors)
        return np.minimum(np.floor(self.checked(vectors)), self.upper - 1).astype(np.int64)

    def decode(self, vector: np.ndarray) -> Genotype:
        """Decodes one vector, shape (32,), to a genotype."""
        normal, reduce = self.indices(vector).reshape(2, 2 * NODES, 2).tolist()
        return Genotype(
            normal=tuple((SEARCH_OPERATIONS[operation], node) for node, operation in normal),
            reduce=tuple((SEARCH_OPERATIONS[operation], node) for node, operation in reduce),
        )
