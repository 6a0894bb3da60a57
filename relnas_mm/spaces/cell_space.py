"""The space of RelativeNAS: a normal and a reduction cell as 32 numbers (Tan et al., TNNLS 2021; released code)."""

import numpy as np

from relnas_mm.errors import UserError
from relnas_mm.genotype import OPERATIONS, Genotype
from relnas_mm.spaces.space import checked_vectors, half_open_bins, uniform_sample

SEARCH_OPERATIONS = OPERATIONS[:7]
"""The candidate operations; their order is their index."""

NODES = 4
ROUNDINGS = ("ceil", "floor")


class CellSpace:
    """Two cells of four intermediate nodes, each node with two inputs.

    Dimensions 0 to 15 are the normal cell, 16 to 31 the reduction cell; node j of a cell takes four of them:
    first input node, first operation, second input node, second operation.

    Args:
        rounding: 'ceil' is the released decoding: a value w stands for `max(ceil(w) - 1, 0)`, so 1.0 decodes to 0 and
            the upper bound is legal.  'floor' stands for `floor(w)`, with the upper bound counted to the last bin.

    Raises:
        UserError: `rounding` is another one.
    """

    def __init__(self, rounding: str = "ceil"):
        if rounding not in ROUNDINGS:
            raise UserError(f"rounding of CellSpace is {rounding!r}; allowed are {', '.join(map(repr, ROUNDINGS))}")
        self.rounding = rounding
        operations = float(len(SEARCH_OPERATIONS))
        cell = [bound for node in range(NODES) for bound in (node + 2.0, operations) * 2]
        self.upper = np.array(cell * 2)
        """Upper bounds, shape (32,)."""
        self.edges = np.tile([True, False], len(self.upper) // 2)
        """Which dimensions are input nodes, bool, shape (32,)."""

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """`n` vectors, uniform on [0, upper], shape (n, 32)."""
        return uniform_sample(self.upper, rng, n)

    def indices(self, vectors: np.ndarray) -> np.ndarray:
        """Input nodes and operations by number, integers of the shape of `vectors`, (..., 32).

        Raises:
            UserError: A vector is outside the box.
        """
        vectors = checked_vectors(vectors, self.upper)
        if self.rounding == "ceil":
            return half_open_bins(vectors)
        return np.minimum(np.floor(vectors), self.upper - 1).astype(np.int64)

    def decode(self, vector: np.ndarray) -> Genotype:
        """The genotype of one vector, shape (32,)."""
        normal, reduce = self.indices(vector).reshape(2, 2 * NODES, 2).tolist()
        return Genotype(
            normal=tuple((SEARCH_OPERATIONS[operation], node) for node, operation in normal),
            reduce=tuple((SEARCH_OPERATIONS[operation], node) for node, operation in reduce),
        )
