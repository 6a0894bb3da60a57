"""The space of NAS-Bench-201 (Dong and Yang, ICLR 2020): one cell of four nodes with an operation on each edge."""

import numpy as np

from relnas_mm.spaces.space import checked_vectors, half_open_bins, uniform_sample

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""From node, to node, in the order of the benchmark's strings."""


class NASBench201Space:
    """Six numbers, one for each edge; each bin (k, k + 1] is an operation of `OPERATIONS`.

    Architectures are the benchmark's strings, such as `|a~0|+|b~0|c~1|+|d~0|e~1|f~2|`.
    """

    def __init__(self) -> None:
        self.upper = np.full(len(EDGES), float(len(OPERATIONS)))

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """`n` vectors, uniform on [0, 5], shape (n, 6)."""
        return uniform_sample(self.upper, rng, n)

    def indices(self, vectors: np.ndarray) -> np.ndarray:
        """Operations by number, integers of the shape of `vectors`, (..., 6).

        Raises:
            UserError: A vector is outside the box.
        """
        return half_open_bins(checked_vectors(vectors, self.upper))

    def decode(self, vector: np.ndarray) -> str:
        """The string of one vector, shape (6,)."""
        a, b, c, d, e, f = (OPERATIONS[index] for index in self.indices(vector).tolist())
        return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"
