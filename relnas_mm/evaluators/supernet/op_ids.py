"""Where an operation of a candidate lives in the shared weight set (released code): `edge * 7 + operation`."""

from collections.abc import Sequence

from relnas_mm.architectures import Edge
from relnas_mm.errors import UserError
from relnas_mm.networks import OpIds
from relnas_mm.spaces import SEARCH_OPERATIONS

NODES = 4
FIRST_EDGE = (0, 2, 5, 9)
"""Number of the first edge into each intermediate node: node j can read 2 + j others."""
NUM_EDGES = 14
NUM_OP_IDS = NUM_EDGES * len(SEARCH_OPERATIONS)
DUPLICATES = ("shared", "separate")


def op_ids_for(duplicates: str) -> OpIds:
    """The numbering of modules for a way to treat a node that reads the same input twice by the same operation.

    Args:
        duplicates: 'shared' applies one module twice, as in the released search; 'separate' gives the second one
            weights of its own, numbers 98 to 195, as the retrained network has them.

    Raises:
        UserError: It is another one.
    """
    if duplicates not in DUPLICATES:
        raise UserError(f"duplicates is {duplicates!r}; allowed are {', '.join(map(repr, DUPLICATES))}")
    return shared_op_ids if duplicates == "shared" else separate_op_ids


def shared_op_ids(edges: Sequence[Edge]) -> list[int]:
    """Equal operations on the same input of a node get the same number, from 0 to 97."""
    return [
        (FIRST_EDGE[position // 2] + node) * len(SEARCH_OPERATIONS) + SEARCH_OPERATIONS.index(operation)
        for position, (operation, node) in enumerate(edges)
    ]


def separate_op_ids(edges: Sequence[Edge]) -> list[int]:
    """As `shared_op_ids`, but the second of two equal ones is moved by 98."""
    op_ids = shared_op_ids(edges)
    return [op_id + NUM_OP_IDS if op_id in op_ids[:position] else op_id for position, op_id in enumerate(op_ids)]


def num_op_ids(duplicates: str) -> int:
    """How many operations each cell of the weight set holds."""
    return NUM_OP_IDS if duplicates == "shared" else 2 * NUM_OP_IDS


def edge_of_op_id(op_id: int) -> Edge:
    """Operation and input node of a number; the inverse of the numbering."""
    edge, operation = divmod(op_id % NUM_OP_IDS, len(SEARCH_OPERATIONS))
    first = max(start for start in FIRST_EDGE if start <= edge)
    return SEARCH_OPERATIONS[operation], edge - first
