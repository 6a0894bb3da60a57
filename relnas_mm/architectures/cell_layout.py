"""Where the parts of a cell's picture lie: every operation has a row of its own, as wide as the widest label.

Lengths are in points, from the top left corner; text has `FONT` points and is measured, so no label leaves its box.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from relnas_mm.networks.plan import EDGES_PER_NODE, FIRST_NODE, Edge

FONT = 9.0
INPUTS = ("c_{k-2}", "c_{k-1}")
OUTPUT = "c_k"
"""Labels in mathematical notation, as TeX and matplotlib read it."""

_ROW, _GAP = 24.0, 12.0  # height of a row, and what separates the rows of two nodes
_BOX = 18.0
_PADDING = 8.0  # on both sides of a label
_RADIUS, _OUTER = 9.0, 14.0  # of nodes, and of inputs and output
_LEFT, _RIGHT = 30.0, 24.0  # space for lines before a box, and between it and its node
_MARGIN = 6.0


class Box(NamedTuple):
    """An operation: its label, its center, its size."""

    operation: str
    label: str
    x: float
    y: float
    width: float
    height: float


class Circle(NamedTuple):
    """A node: its label, its center, its radius; `outer` for inputs and output of the cell."""

    label: str
    x: float
    y: float
    radius: float
    outer: bool


class Line(NamedTuple):
    """A connection from one point to another; the last one of an operation or a node has a head."""

    start: tuple[float, float]
    end: tuple[float, float]
    head: bool
    to_output: bool


class CellLayout(NamedTuple):
    """All parts of a picture, and its size."""

    boxes: tuple[Box, ...]
    circles: tuple[Circle, ...]
    lines: tuple[Line, ...]
    width: float
    height: float


def label_of(operation: str) -> str:
    """What a box says."""
    return operation.replace("_connect", "")


@lru_cache(maxsize=256)
def text_width(text: str) -> float:
    """Width of a text in points, by matplotlib's default font."""
    from matplotlib.textpath import TextPath

    return float(TextPath((0, 0), text, size=FONT).get_extents().width)


def cell_layout(cell: Sequence[Edge], output_nodes: Sequence[int]) -> CellLayout:
    """Lays out a cell from left to right; a node stands right of all that it reads.

    Args:
        cell: Operation and source of each edge, two for each intermediate node.
        output_nodes: Nodes that are concatenated.
    """
    depths = _depths(cell)
    width = max(text_width(label_of(operation)) for operation, _ in cell) + 2 * _PADDING
    column = _LEFT + width + _RIGHT + 2 * _RADIUS
    first = _MARGIN + 2 * _OUTER
    ys = _rows(len(cell))
    height = ys[-1] + _ROW / 2 + _MARGIN

    nodes = [Circle(f"${INPUTS[k]}$", _MARGIN + _OUTER, height * (0.28 + 0.44 * k), _OUTER, True) for k in range(2)]
    boxes: list[Box] = []
    lines: list[Line] = []
    for index, (operation, source) in enumerate(cell):
        if index % EDGES_PER_NODE == 0:
            number = FIRST_NODE + index // EDGES_PER_NODE
            center = first + depths[number] * column - _RADIUS
            nodes.append(Circle(str(number), center, (ys[index] + ys[index + 1]) / 2, _RADIUS, False))
        node = nodes[-1]
        box = Box(operation, label_of(operation), node.x - _RADIUS - _RIGHT - width / 2, ys[index], width, _BOX)
        boxes.append(box)
        lines += _connection(nodes[source], (box.x - width / 2, box.y))
        lines.append(Line((box.x + width / 2, box.y), _touching(node, (box.x + width / 2, box.y)), True, False))
    right = max(node.x for node in nodes) + _RADIUS + _LEFT + _OUTER
    output = Circle(f"${OUTPUT}$", right, height / 2, _OUTER, True)
    for number in output_nodes:
        start = (nodes[number].x, nodes[number].y)
        lines.append(Line(start, _touching(output, start), True, True))
    return CellLayout(tuple(boxes), (*nodes, output), tuple(lines), right + _OUTER + _MARGIN, height)


def _rows(edges: int) -> list[float]:
    """The height of each operation's row."""
    steps = [_ROW if (index + 1) % EDGES_PER_NODE else _ROW + _GAP for index in range(edges - 1)]
    ys = [_MARGIN + _ROW / 2]
    for step in steps:
        ys.append(ys[-1] + step)
    return ys


def _depths(cell: Sequence[Edge]) -> list[int]:
    """Longest path from the inputs to each node, inputs first."""
    depths = [0] * FIRST_NODE
    for start in range(0, len(cell), EDGES_PER_NODE):
        depths.append(1 + max(depths[node] for _, node in cell[start : start + EDGES_PER_NODE]))
    return depths


def _connection(source: Circle, end: tuple[float, float]) -> list[Line]:
    """Lines from a source to a box: to the box's row before the next column starts, then level, so behind no box."""
    start, bend = (source.x, source.y), (source.x + source.radius + _LEFT, end[1])
    if end[0] - bend[0] < 1:
        return [Line(start, end, False, False)]
    return [Line(start, bend, False, False), Line(bend, end, False, False)]


def _touching(circle: Circle, start: tuple[float, float]) -> tuple[float, float]:
    """The point of a circle where a line from `start` meets it."""
    dx, dy = start[0] - circle.x, start[1] - circle.y
    length = (dx * dx + dy * dy) ** 0.5
    return circle.x + dx * circle.radius / length, circle.y + dy * circle.radius / length
