"""Derives a cell from mixing weights, and measures how decided they are."""

import math

import numpy as np

from relnas_mm.architectures import Edge, Genotype
from relnas_mm.networks.plan import EDGES_PER_NODE
from relnas_mm.search.darts.mixture import CANDIDATES, NODES

NONE, SKIP = CANDIDATES.index("none"), CANDIDATES.index("skip_connect")
COLLAPSED_FROM = 4
"""Number of skip connections on the eight edges of a normal cell from which a search counts as collapsed."""


def derive(normal: np.ndarray, reduce: np.ndarray) -> Genotype:
    """Derives the cells: each node keeps the two edges with the strongest operation other than `none` (DARTS, 2.4).

    Args:
        normal: Mixing weights of the normal cell, shape (14, 8).
        reduce: Mixing weights of the reduction cell, shape (14, 8).
    """
    return Genotype(_edges(normal), _edges(reduce))


def _edges(weights: np.ndarray) -> tuple[Edge, ...]:
    allowed = np.delete(weights, NONE, axis=1)
    names = [name for name in CANDIDATES if name != "none"]
    edges: list[Edge] = []
    start = 0
    for node in range(NODES):
        rows = allowed[start : start + 2 + node]
        strongest = np.argsort(-rows.max(axis=1), kind="stable")[:EDGES_PER_NODE]
        edges += [(names[int(rows[source].argmax())], int(source)) for source in strongest]
        start += 2 + node
    return tuple(edges)


def entropy(weights: np.ndarray) -> float:
    """Mean entropy of the edges' mixing weights relative to the uniform distribution, from 0 (decided) to 1."""
    terms = np.where(weights > 0, weights * np.log(np.maximum(weights, 1e-300)), 0.0)
    return float(-terms.sum(axis=1).mean() / math.log(weights.shape[1]))


def skips(genotype: Genotype) -> int:
    """Number of skip connections in the normal cell."""
    return sum(operation == "skip_connect" for operation, _ in genotype.normal)
