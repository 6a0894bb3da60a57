"""Where an operation of a candidate lives in the shared weight set (released code): `edge * 7 + operation`."""

from collections.abc import Sequence

from relnas_mm.cells import Slots
from relnas_mm.errors import UserError
from relnas_mm.genotype import Edge
from relnas_mm.spaces import SEARCH_OPERATIONS

NODES = 4
FIRST_EDGE = (0, 2, 5, 9)
"""Number of the first edge into each intermediate node: node j can read 2 + j others."""
NUM_EDGES = 14
NUM_SLOTS = NUM_EDGES * len(SEARCH_OPERATIONS)
DUPLICATES = ("shared", "separate")


def slots_of(duplicates: str) -> Slots:
    """The numbering of modules for a way to treat a node that reads the same input twice by the same operation.

    Args:
        duplicates: 'shared' applies one module twice, as in the released search; 'separate' gives the second one
            weights of its own, numbers 98 to 195, as the retrained network has them.

    Raises:
        UserError: It is another one.
    """
    if duplicates not in DUPLICATES:
        raise UserError(f"duplicates is {duplicates!r}; allowed are {', '.join(map(repr, DUPLICATES))}")
    return shared_slots if duplicates == "shared" else separate_slots


def shared_slots(edges: Sequence[Edge]) -> list[int]:
    """Equal operations on the same input of a node get the same number, from 0 to 97."""
    return [
        (FIRST_EDGE[position // 2] + node) * len(SEARCH_OPERATIONS) + SEARCH_OPERATIONS.index(operation)
        for position, (operation, node) in enumerate(edges)
    ]


def separate_slots(edges: Sequence[Edge]) -> list[int]:
    """As `shared_slots`, but the second of two equal ones is moved by 98."""
    slots = shared_slots(edges)
    return [slot + NUM_SLOTS if slot in slots[:position] else slot for position, slot in enumerate(slots)]


def count_slots(duplicates: str) -> int:
    """How many operations each cell of the weight set holds."""
    return NUM_SLOTS if duplicates == "shared" else 2 * NUM_SLOTS


def edge_of_slot(slot: int) -> Edge:
    """Operation and input node of a number; the inverse of the numbering."""
    edge, operation = divmod(slot % NUM_SLOTS, len(SEARCH_OPERATIONS))
    first = max(start for start in FIRST_EDGE if start <= edge)
    return SEARCH_OPERATIONS[operation], edge - first
