"""The two spaces of TransNAS-Bench-101 (Duan et al., CVPR 2021), whose networks were trained for seven tasks."""

from typing import ClassVar

import numpy as np

from relnas_mm.architectures import BenchmarkArchitecture
from relnas_mm.spaces.base import Space

MICRO_OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3")
MICRO_EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
DEPTHS = (4, 5, 6)
MODULES = ("plain", "doubles channels", "halves resolution", "doubles channels and halves resolution")
"""What a module of the macro space does; its number in an architecture is its position here plus one."""

MOST_DOUBLINGS, MOST_HALVINGS = 3, 4
TASKS = ("autoencoder", "class_object", "class_scene", "jigsaw", "normal", "room_layout", "segmentsemantic")


class TransNASMicroSpace(Space):
    """A cell of four nodes: six numbers, one for each edge of `MICRO_EDGES`.

    Architectures are the numbers of its operations as the benchmark's table writes them, such as `(0, 1, 2, 3, 0, 1)`.
    """

    kind: ClassVar[str] = BenchmarkArchitecture.kind

    def __init__(self) -> None:
        super().__init__([len(MICRO_OPERATIONS)] * len(MICRO_EDGES))

    def decode(self, vector: np.ndarray) -> BenchmarkArchitecture:
        """The numbers of one vector, shape (6,)."""
        return BenchmarkArchitecture(tuple(self.indices(vector).tolist()))


class TransNASMacroSpace(Space):
    """A chain of four to six modules: its depth, then the kind of each module; seven numbers.

    A network doubles its channels one to three times and halves its resolution one to four times.  Vectors outside
    these limits stand for the network in which the first module does what none does, and in which modules beyond the
    limit leave off, so every vector stands for one of the benchmark's 3,256 networks.  Kinds beyond the depth do not
    matter.  Architectures are written as in the table, such as `(1, 3, 2, 1)`.
    """

    kind: ClassVar[str] = BenchmarkArchitecture.kind

    def __init__(self) -> None:
        super().__init__([len(DEPTHS), *[len(MODULES)] * max(DEPTHS)])

    def decode(self, vector: np.ndarray) -> BenchmarkArchitecture:
        """The modules of one vector, shape (7,)."""
        depth, *kinds = self.indices(vector).tolist()
        kinds = kinds[: DEPTHS[depth]]
        doubles = _within_limit([kind % 2 == 1 for kind in kinds], MOST_DOUBLINGS)
        halves = _within_limit([kind >= 2 for kind in kinds], MOST_HALVINGS)
        return BenchmarkArchitecture(tuple(1 + double + 2 * half for double, half in zip(doubles, halves)))


def _within_limit(wants: list[bool], most: int) -> list[bool]:
    """The modules that do something: the first if none wants to, else the first `most` of those that do."""
    if not any(wants):
        return [True, *wants[1:]]
    return [want and sum(wants[: place + 1]) <= most for place, want in enumerate(wants)]
