"""Encodings of cells with six edges: NAS-Bench-201 and the micro space of TransNAS-Bench-101."""

from ast import literal_eval
from collections.abc import Sequence

import numpy as np

from relnas_mm.architectures import NASBench201Cell
from relnas_mm.networks.nasbench201 import KERNELS, NB201_EDGES, NB201_OPERATIONS, NODES
from relnas_mm.predictors.encodings.words import Vocabulary, paths
from relnas_mm.spaces.transnasbench101 import MICRO_OPERATIONS

NONE, SKIP = NB201_OPERATIONS[:2]
STAGES = ((16, 32), (32, 16), (64, 8))
"""Channels, and size of the feature maps for images of 32 x 32 pixels."""

CELLS_PER_STAGE = 5
TENSOR_SHAPE = (1 + 2 * CELLS_PER_STAGE * len(STAGES), NODES, NODES)
VOCABULARIES: dict[tuple[str, ...], Vocabulary] = {
    known: Vocabulary(known[2:], NODES - 1) for known in (NB201_OPERATIONS, MICRO_OPERATIONS)
}


def operations_micro(text: str) -> list[str]:
    """Parses the six operations of a cell of TransNAS-Bench-101 such as `(0, 1, 2, 3, 0, 1)`."""
    return [MICRO_OPERATIONS[number] for number in literal_eval(text)]


def tensor_201(text: str) -> np.ndarray:
    """ReNAS' tensor: operation types, then FLOPs and parameters of each of the fifteen cells, shape (31, 4, 4).

    Entry (i, j) describes the edge from node i to node j.
    """
    operations = NASBench201Cell(text).operations
    entries = tuple(zip(*NB201_EDGES))
    out = np.zeros(TENSOR_SHAPE)
    out[0][entries] = [NB201_OPERATIONS.index(name) for name in operations]
    for stage, (channels, side) in enumerate(STAGES):
        costs = np.array([edge_cost(name, channels, side) for name in operations])
        for cell in range(CELLS_PER_STAGE):
            first = 1 + 2 * (stage * CELLS_PER_STAGE + cell)
            out[first][entries], out[first + 1][entries] = costs.T
    return out


def edge_cost(operation: str, channels: int, side: int) -> tuple[int, int]:
    """Multiply-adds, including normalization, and parameters of an edge; 0 except for convolutions."""
    if operation not in KERNELS:
        return 0, 0
    weights = KERNELS[operation] ** 2 * channels**2
    return (weights + 2 * channels) * side**2, weights + 2 * channels


def words(operations: Sequence[str], known: tuple[str, ...]) -> np.ndarray:
    """Path encoding: counts of the operation sequences along all paths from input to output, (40,) for NAS-Bench-201.

    Skip connections are ignored, so equivalent cells have equal encodings, whatever their unused edges and numbering.

    Args:
        operations: Operation of each edge.
        known: Operations of the space, of which the first two are 'none' and 'skip_connect'.
    """
    edges: dict[int, list[tuple[str | None, int]]] = {}
    for (i, j), name in zip(NB201_EDGES, operations):
        if name != NONE:
            edges.setdefault(j, []).append((None if name == SKIP else name, i))
    return VOCABULARIES[known].counts(paths(edges, 0, NODES - 1))


def used_operations(operations: Sequence[str], known: tuple[str, ...]) -> np.ndarray:
    """One-hot operations of the edges, 'none' for edges that are on no path from input to output, shape (6 * known,).

    If the two inner nodes are not connected, they are ordered canonically.
    """
    adjacency = np.zeros((NODES, NODES), dtype=bool)
    adjacency[tuple(zip(*NB201_EDGES))] = [name != NONE for name in operations]
    reachable = np.eye(NODES, dtype=bool)
    for _ in range(NODES):
        reachable |= reachable @ adjacency
    chosen = [
        known.index(name) if reachable[0, i] and reachable[j, -1] else 0
        for (i, j), name in zip(NB201_EDGES, operations)
    ]
    if chosen[2] == 0:
        a, b, _, d, e, f = chosen
        chosen = min(chosen, [b, a, 0, d, f, e])
    return np.eye(len(known))[chosen].reshape(-1)


def flow_201(text: str) -> np.ndarray:
    """`words` and `used_operations` of NAS-Bench-201, shape (70,)."""
    operations = NASBench201Cell(text).operations
    return np.concatenate([words(operations, NB201_OPERATIONS), used_operations(operations, NB201_OPERATIONS)])


def flow_micro(text: str) -> np.ndarray:
    """`words` and `used_operations` of the micro space of TransNAS-Bench-101, shape (39,)."""
    operations = operations_micro(text)
    return np.concatenate([words(operations, MICRO_OPERATIONS), used_operations(operations, MICRO_OPERATIONS)])


def parameters_201(text: str) -> int:
    """Number of parameters of the fifteen cells."""
    return sum(
        CELLS_PER_STAGE * edge_cost(name, channels, side)[1]
        for name in NASBench201Cell(text).operations
        for channels, side in STAGES
    )
