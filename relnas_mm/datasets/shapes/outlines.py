"""Outlines of the shape classes as polygons of about unit radius around the origin (y points down)."""

import math

import numpy as np

Polygon = tuple[np.ndarray, bool]
"""Points `(n, 2)`, and whether the inside is filled (True) or cut out again (False)."""


def arc(radius: float, start: float, stop: float, num: int, centre: tuple[float, float] = (0.0, 0.0)) -> list:
    """`num` points on a circle from angle `start` to `stop` (radians, both included)."""
    steps = (start + (stop - start) * i / (num - 1) for i in range(num))
    return [(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in steps]


def disc(radius: float, centre: tuple[float, float] = (0.0, 0.0), num: int = 33) -> np.ndarray:
    """A circle as a polygon `(num, 2)`."""
    return np.array(arc(radius, 0.0, 2 * math.pi, num, centre))


def capsule(a: np.ndarray, b: np.ndarray, radius: float) -> np.ndarray:
    """A thick line from `a` to `b` with round ends, as a polygon `(14, 2)`."""
    angle = math.atan2(b[1] - a[1], b[0] - a[0])
    half = math.pi / 2
    return np.array(
        arc(radius, angle + half, angle + 3 * half, 7, (a[0], a[1]))
        + arc(radius, angle - half, angle + half, 7, (b[0], b[1]))
    )


def _star(slack: float) -> list:
    radii = (1.0, 0.38 + 0.12 * slack)
    points = []
    for i in range(10):
        angle = math.pi * (i / 5 - 0.5)
        points.append((radii[i % 2] * math.cos(angle), radii[i % 2] * math.sin(angle)))
    return points


def _cross(slack: float) -> list:
    arm = 0.24 + 0.12 * slack
    corner = [(arm, -arm), (0.95, -arm), (0.95, arm)]
    points = []
    for turn in range(4):
        c, s = ((1, 0), (0, 1), (-1, 0), (0, -1))[turn]
        points += [(c * x - s * y, s * x + c * y) for x, y in corner]
    return points


def _crescent(slack: float) -> list:
    shift, inner = 0.42 + 0.16 * slack, 0.84
    x = (shift * shift + 1 - inner * inner) / (2 * shift)
    y = math.sqrt(1 - x * x)
    outer_angle, inner_angle = math.atan2(y, x), math.atan2(y, x - shift)
    return arc(1.0, outer_angle, 2 * math.pi - outer_angle, 24) + arc(
        inner, 2 * math.pi - inner_angle, inner_angle, 20, (shift, 0.0)
    )


def _heart(slack: float) -> list:
    points = []
    for i in range(36):
        t = 2 * math.pi * i / 36
        x = 16 * math.sin(t) ** 3
        y = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        points.append((x / 17, -y * (0.92 + 0.16 * slack) / 17))
    return points


def _arrow(slack: float) -> list:
    shaft, barb = 0.16 + 0.1 * slack, 0.72
    return [(1, 0), (0.1, -barb), (0.1, -shaft), (-0.95, -shaft), (-0.95, shaft), (0.1, shaft), (0.1, barb)]


def outline(name: str, slack: float) -> list[Polygon]:
    """The outline of a class of `SHAPES` other than "person".

    Args:
        name: Class name.
        slack: Free parameter of the class, from 0 to 1 (width of an arm, depth of a notch).
    """
    if name == "disc":
        return [(disc(0.92), True)]
    if name == "ring":
        return [(disc(0.98), True), (disc(0.5 + 0.14 * slack), False)]
    if name == "square":
        return [(np.array([(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)]), True)]
    if name == "triangle":
        return [(np.array(arc(1.08, -math.pi / 2, 5 * math.pi / 6, 3)), True)]
    drawers = {"star": _star, "cross": _cross, "crescent": _crescent, "heart": _heart, "arrow": _arrow}
    return [(np.array(drawers[name](slack), dtype=float), True)]
