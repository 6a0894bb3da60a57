"""Encodings of `CellSpace`: our adaptation of ReNAS, which has none for it."""

import itertools
from collections.abc import Iterator
from functools import cache

import numpy as np
import torch
from torch import nn

from relnas_mm.architectures import Genotype
from relnas_mm.errors import UserError
from relnas_mm.networks import Sampling, build_operation
from relnas_mm.predictors.encodings.words import Vocabulary, paths
from relnas_mm.spaces.cell_space import NODES, SEARCH_OPERATIONS

INPUTS = 2
CHANNELS, SIDE = 16, 32
"""Channels and image size for which the costs of operations are counted; only ratios matter."""

TENSOR_SHAPE = (2 * (len(SEARCH_OPERATIONS) + 2), INPUTS + NODES, INPUTS + NODES)
SKIP = "skip_connect"
LETTERS = tuple(name for name in SEARCH_OPERATIONS if name != SKIP)
VOCABULARY = Vocabulary(LETTERS, 2)
VIEW_SIZES = (2 * INPUTS * len(VOCABULARY), 2 * len(SEARCH_OPERATIONS) * sum(INPUTS + node for node in range(NODES)))

Node = tuple[tuple[int, int], ...]
"""Sorted pairs of an input node and the index of an operation."""


def nodes_of(genotype: Genotype, reduction: bool) -> list[Node]:
    """The nodes of a cell in canonical order, the lexicographically first of all equivalent numberings.

    Raises:
        UserError: The cell is not in `CellSpace`.
    """
    edges = genotype.edges(reduction)
    unknown = {name for name, _ in edges} - set(SEARCH_OPERATIONS)
    if (
        unknown
        or len(edges) != 2 * NODES
        or set(genotype.output_nodes(reduction)) != set(range(INPUTS, INPUTS + NODES))
    ):
        reason = f"the operations {sorted(unknown)}" if unknown else f"{len(edges) // 2} nodes"
        raise UserError(
            f"a cell with {reason} was given to the encoding of CellSpace; it knows cells of {NODES} nodes, all "
            f"concatenated, with {', '.join(SEARCH_OPERATIONS)}"
        )
    pairs = [(node, SEARCH_OPERATIONS.index(name)) for name, node in edges]
    return min(_numberings([pairs[2 * node : 2 * node + 2] for node in range(NODES)]))


def tensor_cells(genotype: Genotype) -> np.ndarray:
    """Counts of each of seven operations, multiply-adds and parameters of both cells, shape (18, 6, 6).

    Entry (i, j) describes the edges from node i to node j.  As a node may read another one twice, counts replace ReNAS'
    matrix of operation types.
    """
    out = np.zeros((2, TENSOR_SHAPE[0] // 2, *TENSOR_SHAPE[1:]))
    for planes, reduction in zip(out, (False, True)):
        for node, reads in enumerate(nodes_of(genotype, reduction), INPUTS):
            for source, operation in reads:
                planes[operation, source, node] += 1
                planes[-2:, source, node] += operation_cost(SEARCH_OPERATIONS[operation], reduction and source < INPUTS)
    return out.reshape(TENSOR_SHAPE)


def flow_cells(genotype: Genotype) -> np.ndarray:
    """Path encoding and operations by edge of both cells, shape (172 + 252,).

    Paths lead from each input to every node, and are truncated to their last two operations.
    """
    counts, choices = [], []
    for reduction in (False, True):
        nodes = nodes_of(genotype, reduction)
        edges = {
            node: [
                (name if (name := SEARCH_OPERATIONS[operation]) != SKIP else None, source)
                for source, operation in reads
            ]
            for node, reads in enumerate(nodes, INPUTS)
        }
        for start in range(INPUTS):
            ends = range(INPUTS, INPUTS + NODES)
            counts.append(VOCABULARY.counts(word for end in ends for word in paths(edges, start, end)))
        for node, reads in enumerate(nodes, INPUTS):
            chosen = np.zeros((node, len(SEARCH_OPERATIONS)))
            for source, operation in reads:
                chosen[source, operation] += 1
            choices.append(chosen.reshape(-1))
    return np.concatenate(counts + choices)


def parameters_cells(genotype: Genotype) -> int:
    """Number of parameters of the operations of both cells at 16 channels."""
    return int(tensor_cells(genotype).reshape(2, -1, *TENSOR_SHAPE[1:])[:, -1].sum())


@cache
def operation_cost(operation: str, halves: bool) -> tuple[int, int]:
    """Multiply-adds and parameters of an operation."""
    with torch.device("meta"):
        module = build_operation(operation, CHANNELS, Sampling(stride=2 if halves else 1))
    side = SIDE // 2 if halves else SIDE
    weights = sum(part.weight.numel() for part in module.modules() if isinstance(part, nn.Conv2d))
    return weights * side * side, sum(parameter.numel() for parameter in module.parameters())


def _numberings(nodes: list[list[tuple[int, int]]]) -> Iterator[list[Node]]:
    """Yields the cell with its nodes in every topological order."""
    for order in itertools.permutations(range(NODES)):
        renumbered = {INPUTS + node: INPUTS + position for position, node in enumerate(order)}
        moved = [[(renumbered.get(source, source), operation) for source, operation in nodes[node]] for node in order]
        if all(source < INPUTS + position for position, reads in enumerate(moved) for source, _ in reads):
            yield [tuple(sorted(reads)) for reads in moved]
