"""The search space of NAS-Bench-201 (Dong and Yang, ICLR 2020): a cell of four nodes with an operation on each edge."""

from typing import ClassVar

import numpy as np

from relnas_mm.architectures import BenchmarkArchitecture
from relnas_mm.spaces.base import Space

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""Edges (from node, to node) in the order of the benchmark's strings."""


class NASBench201Space(Space):
    """Six numbers, the operations of the edges.

    Architectures are the benchmark's strings, such as `|a~0|+|b~0|c~1|+|d~0|e~1|f~2|`.
    """

    kind: ClassVar[str] = BenchmarkArchitecture.kind

    def __init__(self) -> None:
        super().__init__([len(OPERATIONS)] * len(EDGES))

    def decode(self, vector: np.ndarray) -> BenchmarkArchitecture:
        """Decodes one vector, shape (6,), to the benchmark's string."""
        a, b, c, d, e, f = (OPERATIONS[index] for index in self.indices(vector).tolist())
        return BenchmarkArchitecture(f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|")
