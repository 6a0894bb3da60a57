"""The two search spaces of TransNAS-Bench-101 (Duan et al., CVPR 2021), whose networks were trained on seven tasks."""

from typing import ClassVar

import numpy as np

from relnas_mm.architectures import BenchmarkArchitecture
from relnas_mm.spaces.base import Space

MICRO_OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3")
MICRO_EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
DEPTHS = (4, 5, 6)
MODULES = ("plain", "doubles channels", "halves resolution", "doubles channels and halves resolution")
"""Module types of the macro space; their codes in an architecture are their indices plus one."""

MOST_DOUBLINGS, MOST_HALVINGS = 3, 4
TASKS = ("autoencoder", "class_object", "class_scene", "jigsaw", "normal", "room_layout", "segmentsemantic")


class TransNASMicroSpace(Space):
    """Six numbers, the operations of the edges of a cell of four nodes, `MICRO_EDGES`.

    Architectures are tuples of operation indices as in the benchmark's table, such as `(0, 1, 2, 3, 0, 1)`.
    """

    kind: ClassVar[str] = BenchmarkArchitecture.kind

    def __init__(self) -> None:
        super().__init__([len(MICRO_OPERATIONS)] * len(MICRO_EDGES))

    def decode(self, vector: np.ndarray) -> BenchmarkArchitecture:
        """Decodes one vector, shape (6,), to the indices of its operations."""
        return BenchmarkArchitecture(tuple(self.indices(vector).tolist()))


class TransNASMacroSpace(Space):
    """Seven numbers: the depth of a sequence of four to six modules, then the type of each module.

    A network doubles its channels one to three times and halves its resolution one to four times.  Vectors that violate
    these limits are repaired: if no module doubles (or halves), the first one does; those beyond the limit do not.  So
    every vector decodes to one of the benchmark's 3,256 networks.  Types beyond the depth are ignored.  Architectures
    are written as in the benchmark's table, such as `(1, 3, 2, 1)`.
    """

    kind: ClassVar[str] = BenchmarkArchitecture.kind

    def __init__(self) -> None:
        super().__init__([len(DEPTHS), *[len(MODULES)] * max(DEPTHS)])

    def decode(self, vector: np.ndarray) -> BenchmarkArchitecture:
        """Decodes one vector, shape (7,), to the codes of its modules."""
        depth, *kinds = self.indices(vector).tolist()
        kinds = kinds[: DEPTHS[depth]]
        doubles = _within_limit([kind % 2 == 1 for kind in kinds], MOST_DOUBLINGS)
        halves = _within_limit([kind >= 2 for kind in kinds], MOST_HALVINGS)
        return BenchmarkArchitecture(tuple(1 + double + 2 * half for double, half in zip(doubles, halves)))


def _within_limit(mask: list[bool], most: int) -> list[bool]:
    """Repairs a mask of modules: the first is set if none is, and only the first `most` stay set."""
    if not any(mask):
        return [True, *mask[1:]]
    return [value and sum(mask[: index + 1]) <= most for index, value in enumerate(mask)]
