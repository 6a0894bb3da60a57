"""The search space of NAS-Bench-101 (Ying et al., ICML 2019): a cell is a graph with an operation at each vertex."""

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from relnas_mm.architectures import BenchmarkArchitecture
from relnas_mm.errors import UserError
from relnas_mm.spaces.base import Space

INPUT, OUTPUT = "input", "output"
VERTEX_OPERATIONS: tuple[str, ...] = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
"""The operations in the benchmark's order, on which its hashes depend."""

SHORT: dict[str, str] = dict(zip(VERTEX_OPERATIONS, ("c3", "c1", "mp")))
MOST_VERTICES, MOST_EDGES = 7, 9
_PAIRS = [(i, j) for j in range(MOST_VERTICES) for i in range(j)]


@dataclass(frozen=True)
class Cell101:
    """A pruned cell, built by `cell_of` or `parse_cell`.

    Its string lists operations, then edges as pairs of digits, such as `c3 mp:01 02 13 23`.

    Args:
        matrix: Upper-triangular adjacency matrix: 1 where an edge leads from the row's vertex to the column's.
        operations: Operation of each vertex; the first is `input`, the last `output`.
    """

    matrix: tuple[tuple[int, ...], ...]
    operations: tuple[str, ...]

    def __str__(self) -> str:
        edges = " ".join(f"{i}{j}" for i, j in self.edges)
        return f"{' '.join(SHORT[name] for name in self.operations[1:-1])}:{edges}"

    @property
    def edges(self) -> list[tuple[int, int]]:
        """Edges as pairs (from vertex, to vertex)."""
        return [(i, j) for i, row in enumerate(self.matrix) for j, bit in enumerate(row) if bit]

    @property
    def hash(self) -> str:
        """The benchmark's hash of the cell, MD5 (hex), equal for isomorphic cells."""
        vertices = range(len(self.operations))
        into = [[i for i in vertices if self.matrix[i][j]] for j in vertices]
        out = [[j for j in vertices if self.matrix[i][j]] for i in vertices]
        labels = [-1, *(VERTEX_OPERATIONS.index(name) for name in self.operations[1:-1]), -2]
        hashes = [_md5(str((len(out[v]), len(into[v]), labels[v]))) for v in vertices]
        for _ in vertices:
            hashes = [
                _md5(
                    "|".join(
                        (
                            "".join(sorted(hashes[w] for w in into[v])),
                            "".join(sorted(hashes[w] for w in out[v])),
                            hashes[v],
                        )
                    )
                )
                for v in vertices
            ]
        return _md5(str(sorted(hashes)))

    def permuted(self, order: Sequence[int]) -> "Cell101":
        """The same graph with vertex `order[k]` as vertex k; `order` must be topological."""
        matrix = tuple(tuple(self.matrix[i][j] for j in order) for i in order)
        return Cell101(matrix, tuple(self.operations[v] for v in order))

    def canonical(self) -> "Cell101":
        """The canonical representative of all isomorphic cells."""
        return min((self.permuted(order) for order in self._orders()), key=lambda cell: (cell.operations, cell.matrix))

    def _orders(self) -> Iterator[list[int]]:
        """Topological orders by depth and refined colour, with all permutations of vertices of equal colour."""
        vertices = range(len(self.operations))
        depth = [0] * len(vertices)
        for i, j in sorted(self.edges, key=lambda edge: edge[1]):
            depth[j] = max(depth[j], depth[i] + 1)
        depth[-1] = len(vertices)
        colours = [sorted(set(pairs)).index(pair) for pairs in [list(zip(depth, self.operations))] for pair in pairs]
        for _ in vertices:
            signatures = [
                (
                    colours[v],
                    sorted(colours[w] for w in vertices if self.matrix[w][v]),
                    sorted(colours[w] for w in vertices if self.matrix[v][w]),
                )
                for v in vertices
            ]
            ranks = sorted({str(signature): signature for signature in signatures}.values())
            colours = [ranks.index(signature) for signature in signatures]
        groups = [[v for v in vertices if colours[v] == colour] for colour in sorted(set(colours))]
        for parts in itertools.product(*(itertools.permutations(group) for group in groups)):
            yield [v for part in parts for v in part]


def cell_of(
    matrix: "Sequence[Sequence[int]] | np.ndarray", operations: list[str] | tuple[str, ...], source: str = ""
) -> Cell101:
    """Builds a cell from its graph, and prunes vertices that are on no path from input to output.

    Args:
        matrix: Square upper-triangular matrix of 0 and 1.
        operations: Operation of each vertex.
        source: Origin of the cell, for error messages.

    Raises:
        UserError: The matrix is no such matrix, an operation is unknown, no path leads from the input to the output, or
            the pruned cell has more than 7 vertices or 9 edges.
    """
    where, graph = f"{source}: " if source else "", np.asarray(matrix)
    size = len(operations)
    if graph.shape != (size, size) or not np.isin(graph, (0, 1)).all() or np.tril(graph).any():
        raise UserError(
            f"{where}the matrix of a cell with {size} operations has the shape {graph.shape} or entries below "
            f"its diagonal; it must be {size} x {size}, upper triangular, of 0 and 1"
        )
    inner = list(operations[1:-1])
    if size < 2 or (operations[0], operations[-1]) != (INPUT, OUTPUT) or not set(inner) <= set(VERTEX_OPERATIONS):
        raise UserError(
            f"{where}the operations of a cell are {list(operations)}; required are {INPUT!r}, then any of "
            f"{', '.join(map(repr, VERTEX_OPERATIONS))}, and {OUTPUT!r} last"
        )
    walks = sum((np.linalg.matrix_power(graph.astype(np.int64), k) for k in range(size)), np.zeros_like(graph)) > 0
    used = np.flatnonzero(walks[0] & walks[:, -1])
    if not len(used):
        raise UserError(
            f"{where}the cell with the operations {list(operations)} is disconnected: no path leads from its input "
            "to its output"
        )
    graph = graph[np.ix_(used, used)]
    if len(used) > MOST_VERTICES or graph.sum() > MOST_EDGES:
        raise UserError(
            f"{where}the cell has {len(used)} vertices and {int(graph.sum())} edges; NAS-Bench-101 allows "
            f"{MOST_VERTICES} and {MOST_EDGES}"
        )
    return Cell101(tuple(map(tuple, graph.astype(int).tolist())), tuple(operations[v] for v in used))


@lru_cache(maxsize=1 << 16)
def parse_cell(text: str) -> Cell101:
    """Parses the string of a cell.

    Raises:
        UserError: The string is malformed, or encodes no valid cell.
    """
    names = {short: name for name, short in SHORT.items()}
    head, colon, tail = text.partition(":")
    operations = [INPUT, *(names.get(word, word) for word in head.split()), OUTPUT]
    matrix = np.zeros((len(operations),) * 2, dtype=int)
    try:
        for i, j in tail.split():
            matrix[int(i), int(j)] = 1
    except (ValueError, IndexError):
        colon = ""
    if not colon:
        raise UserError(f"{text!r} is no cell of NAS-Bench-101; it must look like 'c3 mp:01 02 13 23'")
    return cell_of(matrix, operations, f"the cell {text!r}")


class NASBench101Space(Space):
    """26 numbers: the presence of the 21 possible edges of seven vertices, column by column, then five operations.

    Architectures are the strings of canonical cells.  Every vector decodes to one: if a pruned cell has more than nine
    edges, those of the lowest values are removed; if no path leads to the output, the cell is a single edge.
    """

    kind: ClassVar[str] = BenchmarkArchitecture.kind

    def __init__(self) -> None:
        super().__init__(
            [2] * len(_PAIRS) + [len(VERTEX_OPERATIONS)] * (MOST_VERTICES - 2),
            [True] * len(_PAIRS) + [False] * (MOST_VERTICES - 2),
        )

    def decode(self, vector: np.ndarray) -> BenchmarkArchitecture:
        """Decodes one vector, shape (26,), to the string of a canonical cell."""
        indices = self.indices(vector).tolist()
        operations = [INPUT, *(VERTEX_OPERATIONS[k] for k in indices[len(_PAIRS) :]), OUTPUT]
        order = np.argsort(np.asarray(vector)[: len(_PAIRS)], kind="stable").tolist()
        weakest = [_PAIRS[k] for k in order if indices[k]]
        while weakest:
            matrix = np.zeros((MOST_VERTICES,) * 2, dtype=int)
            matrix[tuple(zip(*weakest))] = 1
            try:
                return BenchmarkArchitecture(cell_of(matrix, operations).canonical())
            except UserError:
                weakest.pop(0)
        return BenchmarkArchitecture(":01")

    def vector_of(self, name: str) -> np.ndarray:
        """Encodes the string of a cell as a vector, shape (26,)."""
        cell = parse_cell(name)
        last = len(cell.operations) - 1
        slot = {v: MOST_VERTICES - 1 if v == last else v for v in range(last + 1)}
        vector = np.full(len(self.upper), 0.5)
        for i, j in cell.edges:
            vector[_PAIRS.index((slot[i], slot[j]))] = 1.5
        for v, operation in enumerate(cell.operations[1:-1]):
            vector[len(_PAIRS) + v] = VERTEX_OPERATIONS.index(operation) + 0.5
        return vector


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
