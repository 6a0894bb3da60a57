"""Ids of operations in the supernet, `edge * 7 + operation`, as in the reference implementation."""

from collections.abc import Mapping, Sequence

from relnas_mm.architectures import Edge
from relnas_mm.errors import UserError
from relnas_mm.networks import CellTrunk, OpIds
from relnas_mm.spaces import SEARCH_OPERATIONS

NODES = 4
FIRST_EDGE = (0, 2, 5, 9)
"""Index of the first edge into each intermediate node, of which node j has 2 + j."""
NUM_EDGES = 14
NUM_OP_IDS = NUM_EDGES * len(SEARCH_OPERATIONS)
DUPLICATES = ("shared", "separate")


def op_ids_for(duplicates: str) -> OpIds:
    """Selects how operation ids treat nodes that apply one operation to one input twice.

    Args:
        duplicates: 'shared' uses one module twice, as in the reference implementation; 'separate' gives the second
            occurrence its own weights, ids 98 to 195, as the retrained network does.

    Raises:
        UserError: `duplicates` is unknown.
    """
    if duplicates not in DUPLICATES:
        raise UserError(f"duplicates is {duplicates!r}; allowed are {', '.join(map(repr, DUPLICATES))}")
    return shared_op_ids if duplicates == "shared" else separate_op_ids


def shared_op_ids(edges: Sequence[Edge]) -> list[int]:
    """Ids from 0 to 97; equal operations on the same input of a node get the same id."""
    return [
        (FIRST_EDGE[position // 2] + node) * len(SEARCH_OPERATIONS) + SEARCH_OPERATIONS.index(operation)
        for position, (operation, node) in enumerate(edges)
    ]


def separate_op_ids(edges: Sequence[Edge]) -> list[int]:
    """As `shared_op_ids`, but the second of two equal ids is increased by 98."""
    op_ids = shared_op_ids(edges)
    return [op_id + NUM_OP_IDS if op_id in op_ids[:position] else op_id for position, op_id in enumerate(op_ids)]


def num_op_ids(duplicates: str) -> int:
    """Number of operations in each cell of the supernet."""
    return NUM_OP_IDS if duplicates == "shared" else 2 * NUM_OP_IDS


def edge_of_op_id(op_id: int) -> Edge:
    """Operation and input node of an id."""
    edge, operation = divmod(op_id % NUM_OP_IDS, len(SEARCH_OPERATIONS))
    first = max(start for start in FIRST_EDGE if start <= edge)
    return SEARCH_OPERATIONS[operation], edge - first


def shared_name(name: str, trunk: CellTrunk, op_ids: Mapping[bool, Sequence[int]]) -> str:
    """Name that a weight of a network has in the supernet.

    Args:
        name: Key of the state dict of a network that numbers the operations of a cell by position.
        trunk: The network.
        op_ids: Ids of the operations of the normal cell, by `False`, and of the reduction cell, by `True`.
    """
    parts = name.split(".")
    if parts[0] != "cells" or parts[2] != "_ops":
        return name
    plan = trunk.plans[int(parts[1])]
    parts[3] = str(op_ids[plan.reduction][int(parts[3])])
    return ".".join(parts)
