"""The search space of NAS-Bench-Macro (Su et al., CVPR 2021): a block for each of eight layers."""

from typing import ClassVar

import numpy as np

from relnas_mm.architectures import BenchmarkArchitecture
from relnas_mm.spaces.base import Space

BLOCKS = ("identity", "MB3_K3", "MB6_K5")
"""Candidate blocks; their indices are the digits of a code."""

LAYERS = 8


class NASBenchMacroSpace(Space):
    """Eight numbers, the blocks of the layers; architectures are the benchmark's codes, such as `02012100`.

    Codes that differ only in the position of identities within a stage are the same network, trained separately.
    """

    kind: ClassVar[str] = BenchmarkArchitecture.kind

    def __init__(self) -> None:
        super().__init__([len(BLOCKS)] * LAYERS)

    def decode(self, vector: np.ndarray) -> BenchmarkArchitecture:
        """Decodes one vector, shape (8,), to the benchmark's code."""
        return BenchmarkArchitecture("".join(map(str, self.indices(vector).tolist())))
