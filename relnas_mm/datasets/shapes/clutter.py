"""Background clutter: lines, blobs, and open pieces of the classes' outlines."""

import math
from dataclasses import dataclass

import numpy as np

from relnas_mm.datasets.shapes.outlines import outline
from relnas_mm.datasets.shapes.paint import Colour, random_colour

_SKETCHED = ("disc", "square", "triangle", "star", "cross", "heart")


@dataclass(frozen=True)
class Stroke:
    """A line (`width` > 0) along `points`, or a filled blob (`width` 0), of one colour.

    Attributes:
        points: `(n, 2)` in units of the short side.
        width: Thickness in the same units.
        colour: RGB, 0-255.
    """

    points: np.ndarray
    width: float
    colour: Colour


def _line(rng: np.random.Generator, extent: tuple[float, float]) -> np.ndarray:
    start, stop = rng.random((2, 2)) * extent
    bend = (start + stop) / 2 + rng.uniform(-0.25, 0.25, 2)
    t = np.linspace(0, 1, 8)[:, None]
    return (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * stop


def _blob(rng: np.random.Generator, extent: tuple[float, float]) -> np.ndarray:
    """A closed curve that is no class: a circle with three random lobes."""
    size, swing, phase = rng.uniform(0.04, 0.16), rng.uniform(0.15, 0.45), rng.uniform(0, math.tau)
    angles = [math.tau * i / 20 for i in range(20)]
    radii = [size * (1 + swing * math.sin(3 * a + phase) + 0.3 * swing * math.cos(2 * a)) for a in angles]
    return rng.random(2) * extent + [(r * math.cos(a), r * math.sin(a)) for r, a in zip(radii, angles, strict=True)]


def _sketch(rng: np.random.Generator, extent: tuple[float, float]) -> np.ndarray:
    """An open piece, a third to two thirds, of a class's outline."""
    points = outline(_SKETCHED[int(rng.integers(len(_SKETCHED)))], rng.random())[0][0]
    points = np.concatenate([points, points[:1]])
    steps = np.diff(points, axis=0)[:, None] * (np.arange(4)[:, None] / 4)
    dense = (points[:-1, None] + steps).reshape(-1, 2)
    first, length = int(rng.integers(len(dense))), int(len(dense) * rng.uniform(0.33, 0.67))
    piece = np.take(dense, np.arange(first, first + max(length, 2)), axis=0, mode="wrap")
    angle = rng.uniform(0, math.tau)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    return rng.random(2) * extent + rng.uniform(0.1, 0.25) * piece @ turn


def random_strokes(rng: np.random.Generator, extent: tuple[float, float], count: int) -> list[Stroke]:
    """Draws `count` pieces of clutter for an image of size `extent` (units of the short side)."""
    strokes = []
    for _ in range(count):
        kind, colour = rng.random(), random_colour(rng)
        width = rng.uniform(0.006, 0.022)
        if kind < 0.4:
            strokes.append(Stroke(_line(rng, extent), width, colour))
        elif kind < 0.7:
            strokes.append(Stroke(_blob(rng, extent), 0.0, colour))
        else:
            strokes.append(Stroke(_sketch(rng, extent), width, colour))
    return strokes
