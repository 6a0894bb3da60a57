"""The search space of RelativeNAS: a normal and a reduction cell as 32 numbers (Tan et al., TNNLS 2021), and, if asked
for, the size of the network as further ones.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from relnas_mm.architectures import OPERATIONS, Genotype
from relnas_mm.architectures.genotype import check_size
from relnas_mm.errors import UserError
from relnas_mm.networks.plan import MAX_CELLS, MAX_CHANNELS, MIN_CELLS
from relnas_mm.spaces.base import Space

SEARCH_OPERATIONS = OPERATIONS[:7]
"""The candidate operations, in the order of their indices."""

NODES = 4
CELL_DIMENSIONS = 32
ROUNDINGS = ("ceil", "floor")


class CellSpace(Space):
    """Two cells of four intermediate nodes, each node with two inputs.

    Dimensions 0 to 15 encode the normal cell, 16 to 31 the reduction cell; each node takes four of them: first input
    node, first operation, second input node, second operation.  Sizes of the network follow, if they are searched:
    channels, depth, first and second reduction.

    Args:
        rounding: 'ceil', as in the reference implementation, decodes a value w to `max(ceil(w) - 1, 0)`, so 1.0 decodes
            to 0.  'floor' decodes it to `floor(w)`, and the upper bound to the last choice.
        init_channels: Choices of the channels of the first cell, ascending; empty leaves them to the network.
        num_cells: Choices of the depth, likewise.
        reductions: Whether the positions of the two reduction cells are searched, which needs `num_cells`; otherwise
            they are at one and at two thirds of the depth.

    Raises:
        UserError: `rounding` is unknown, or choices are out of range or not in ascending order.
    """

    kind: ClassVar[str] = Genotype.kind

    def __init__(
        self,
        rounding: str = "ceil",
        init_channels: Sequence[int] = (),
        num_cells: Sequence[int] = (),
        reductions: bool = False,
    ):
        if rounding not in ROUNDINGS:
            raise UserError(f"rounding of CellSpace is {rounding!r}; allowed are {', '.join(map(repr, ROUNDINGS))}")
        _check_choices("init_channels", init_channels, 1, MAX_CHANNELS)
        _check_choices("num_cells", num_cells, MIN_CELLS, MAX_CELLS)
        if reductions and not num_cells:
            raise UserError("reductions of CellSpace is True, but num_cells, in which they count, has no choices")
        self.rounding = rounding
        self.init_channels, self.num_cells, self.reductions = tuple(init_channels), tuple(num_cells), reductions
        self.has_sizes = bool(init_channels or num_cells)
        cell = [bound for node in range(NODES) for bound in (node + 2, len(SEARCH_OPERATIONS)) * 2]
        sizes = [len(choices) for choices in (init_channels, num_cells) if choices]
        if reductions:
            # as many choices as there are positions in the deepest network; shallower ones share them out
            sizes += [max(num_cells) - 2] * 2
        super().__init__(cell * 2 + sizes, [True, False] * len(cell) + [False] * len(sizes))

    def indices(self, vectors: np.ndarray) -> np.ndarray:
        """Indices of the choices, integers of the shape of `vectors`, (..., d).

        Raises:
            UserError: A vector is outside the box.
        """
        if self.rounding == "ceil":
            return super().indices(vectors)
        return np.minimum(np.floor(self.checked(vectors)), self.upper - 1).astype(np.int64)

    def decode(self, vector: np.ndarray) -> Genotype:
        """Decodes one vector, shape (d,), to a genotype."""
        indices = self.indices(vector)
        normal, reduce = indices[:CELL_DIMENSIONS].reshape(2, 2 * NODES, 2).tolist()
        return Genotype(
            normal=tuple((SEARCH_OPERATIONS[operation], node) for node, operation in normal),
            reduce=tuple((SEARCH_OPERATIONS[operation], node) for node, operation in reduce),
            **self._size(indices[CELL_DIMENSIONS:].tolist()),
        )

    def covering(self) -> Iterator[Genotype]:
        """Genotypes of one operation on all inputs, at all sizes."""
        for operation, size in itertools.product(SEARCH_OPERATIONS, self.sizes()):
            edges = tuple((operation, node) for target in range(NODES) for node in ((0, 1) if not target else (1, 2)))
            yield Genotype(normal=edges, reduce=edges, **size)

    def sizes(self) -> Iterator[dict[str, Any]]:
        """All sizes, as arguments of a genotype."""
        dimensions = [range(int(bound)) for bound in self.upper[CELL_DIMENSIONS:]]
        seen = set()
        for choice in itertools.product(*dimensions):
            size = self._size(list(choice))
            if (key := tuple(size.values())) not in seen:
                seen.add(key)
                yield size

    def _size(self, indices: list[int]) -> dict[str, Any]:
        size: dict[str, Any] = {}
        choices = iter(indices)
        if self.init_channels:
            size["init_channels"] = self.init_channels[next(choices)]
        if self.num_cells:
            size["num_cells"] = self.num_cells[next(choices)]
        if self.reductions:
            positions, cells = max(self.num_cells) - 2, size["num_cells"]
            first = 1 + next(choices) * (cells - 2) // positions
            size["reductions"] = first, first + 1 + next(choices) * (cells - 1 - first) // positions
        return size


def _check_choices(name: str, choices: Any, least: int, most: int) -> None:
    if not isinstance(choices, (list, tuple)):
        raise UserError(f"{name} of CellSpace is {choices!r}; it must be a list of choices")
    for value in choices:
        if value is None:
            raise UserError(f"{name} of CellSpace is {choices!r}; it must list numbers")
        check_size(f"{name} of CellSpace", value, least, most)
    if list(choices) != sorted(set(choices)):
        raise UserError(f"{name} of CellSpace is {choices!r}; it must list different choices in ascending order")
