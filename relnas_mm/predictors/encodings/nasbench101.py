"""Encodings of NAS-Bench-101: ReNAS' tensor (Xu et al., CVPR 2021), and a path encoding."""

from collections.abc import Iterator

import numpy as np

from relnas_mm.predictors.encodings.words import Vocabulary, paths
from relnas_mm.spaces.nasbench101 import INPUT, MOST_VERTICES, OUTPUT, SHORT, VERTEX_OPERATIONS, Cell101, parse_cell

TYPE_CODES = {INPUT: 1, "conv1x1-bn-relu": 2, "conv3x3-bn-relu": 3, "maxpool3x3": 4, OUTPUT: 5}
CELLS_PER_STACK = 3
STACKS = ((128, 32), (256, 16), (512, 8))
"""Output channels, and size of the feature maps in pixels."""

TENSOR_SHAPE = (1 + 2 * CELLS_PER_STACK * len(STACKS), MOST_VERTICES, MOST_VERTICES)
VOCABULARY = Vocabulary(tuple(SHORT.values()), MOST_VERTICES - 2)


def tensor(name: str) -> np.ndarray:
    """ReNAS' tensor: operation types, then FLOPs and parameters of each of the nine cells, shape (19, 7, 7).

    Entry (i, j) describes vertex j if there is an edge from i to j.  Smaller cells are padded before the output vertex.
    """
    cell = parse_cell(name)
    rows = [np.array([TYPE_CODES[operation] for operation in cell.operations])]
    for inputs, outputs, side in cell_sizes():
        rows += vertex_costs(cell, inputs, outputs, side)
    size = len(cell.operations)
    vertices = [*range(size - 1), MOST_VERTICES - 1]
    out = np.zeros(TENSOR_SHAPE)
    for plane, values in zip(out, rows):
        plane[np.ix_(vertices, vertices)] = np.array(cell.matrix) * values
    return out


def words(name: str) -> np.ndarray:
    """Path encoding: counts of the operation sequences along all paths from input to output, shape (364,)."""
    cell = parse_cell(name)
    letters = [SHORT.get(operation) for operation in cell.operations]
    edges: dict[int, list[tuple[str | None, int]]] = {}
    for i, j in cell.edges:
        edges.setdefault(j, []).append((letters[j], i))
    return VOCABULARY.counts(paths(edges, 0, len(letters) - 1))


def cell_sizes() -> Iterator[tuple[int, int, int]]:
    """Yields input channels, output channels and feature-map size of the nine cells."""
    inputs = STACKS[0][0]
    for outputs, side in STACKS:
        for _ in range(CELLS_PER_STACK):
            yield inputs, outputs, side
            inputs = outputs


def vertex_costs(cell: Cell101, inputs: int, outputs: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """FLOPs (two per multiply-add) and parameters of each vertex; 0 for input and output.

    Args:
        cell: The cell.
        inputs: Input channels of the cell.
        outputs: Output channels of the cell.
        side: Height and width of its feature maps.
    """
    channels, area = vertex_channels(cell, outputs), side * side
    size = len(cell.operations)
    flops, params = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    for v in range(1, size - 1):
        c, operation = channels[v], cell.operations[v]
        if cell.matrix[0][v]:  # a 1x1 projection of the cell's input
            flops[v] += 2 * inputs * c * area
            params[v] += inputs * c + 2 * c
        flops[v] += (sum(row[v] for row in cell.matrix) - 1) * c * area
        if operation in VERTEX_OPERATIONS[:2]:
            weights = (9 if operation == VERTEX_OPERATIONS[0] else 1) * c * c
            flops[v] += 2 * weights * area
            params[v] += weights + 2 * c
        else:
            flops[v] += 9 * c * area
    return flops, params


def vertex_channels(cell: Cell101, outputs: int) -> list[int]:
    """Channels of each vertex: those before the output divide its channels, others have their successors' maximum."""
    size = len(cell.operations)
    channels = [0] * (size - 1) + [outputs]
    sharing = [v for v in range(1, size - 1) if cell.matrix[v][-1]]
    for index, v in enumerate(sharing):
        channels[v] = outputs // len(sharing) + (index < outputs % len(sharing))
    for v in range(size - 2, 0, -1):
        if v not in sharing:
            channels[v] = max(channels[w] for w in range(v + 1, size - 1) if cell.matrix[v][w])
    return channels


def parameters(name: str) -> int:
    """Number of trainable parameters of the network."""
    cell = parse_cell(name)
    total = 9 * 3 * 128 + 2 * 128 + 10 * (STACKS[-1][0] + 1)
    for inputs, outputs, side in cell_sizes():
        total += int(vertex_costs(cell, inputs, outputs, side)[1].sum())
        total += cell.matrix[0][-1] * (inputs * outputs + 2 * outputs)
    return total
