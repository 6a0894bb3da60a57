"""Converts masks to polygons along pixel edges, which reproduce the mask when filled."""

import numpy as np

_RIGHT, _DOWN, _LEFT, _UP = (1, 0), (0, 1), (-1, 0), (0, -1)
_TURN = {_RIGHT: _DOWN, _DOWN: _LEFT, _LEFT: _UP, _UP: _RIGHT}


def _edges(mask: np.ndarray) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Directions of the boundary's unit edges by starting corner; the mask lies to the right of each."""
    padded = np.pad(mask, 1)
    inner = padded[1:-1, 1:-1]
    sides = (
        (~padded[:-2, 1:-1], _RIGHT, (0, 0)),
        (~padded[1:-1, 2:], _DOWN, (1, 0)),
        (~padded[2:, 1:-1], _LEFT, (1, 1)),
        (~padded[1:-1, :-2], _UP, (0, 1)),
    )
    edges: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for outside, direction, (dx, dy) in sides:
        for y, x in np.argwhere(inner & outside).tolist():
            edges.setdefault((x + dx, y + dy), []).append(direction)
    return edges


def _loop(edges: dict[tuple[int, int], list[tuple[int, int]]]) -> list[tuple[int, int]]:
    """Removes one closed boundary from `edges`, and returns its corners."""
    start = next(iter(edges))
    here, heading, corners = start, None, []
    while True:
        ways = edges[here]
        # turning right separates two pixels that touch only at a corner
        way = _TURN[heading] if heading and len(ways) > 1 else ways[0]
        ways.remove(way)
        if not ways:
            del edges[here]
        if way != heading:
            corners.append(here)
        here, heading = (here[0] + way[0], here[1] + way[1]), way
        if here == start:
            return corners


def _signed_area(corners: list[tuple[int, int]]) -> float:
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1])) / 2


def contours(mask: np.ndarray) -> list[list[int]]:
    """The outer boundaries of a mask as COCO polygons `[x0, y0, x1, y1, …]`; holes are filled.

    Args:
        mask: `(h, w)` bool.
    """
    edges, polygons = _edges(mask), []
    while edges:
        corners = _loop(edges)
        if _signed_area(corners) > 0:
            polygons.append([number for corner in corners for number in corner])
    return polygons
