"""Colours and textures, which are independent of the class."""

import colorsys
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

TEXTURES = ("plain", "gradient", "stripes", "checks", "dots", "noise")

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Paint:
    """Two colours mixed by a pattern.

    Attributes:
        texture: One of `TEXTURES`.
        colours: Two RGB colours (0-255).
        angle: Direction of the pattern, radians.
        period: Length of one repetition in units of the painted thing's radius.
        phase: Shift of the pattern, 0-1.
        grid: `(8, 8)` uint8, what the noise texture is enlarged from.
    """

    texture: str
    colours: tuple[Colour, Colour]
    angle: float
    period: float
    phase: float
    grid: np.ndarray


def random_colour(rng: np.random.Generator) -> Colour:
    """A colour of any hue, from pale to strong and from dark to bright."""
    hue, saturation, value = rng.random(3)
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.15 + 0.85 * saturation, 0.2 + 0.8 * value)
    return round(255 * red), round(255 * green), round(255 * blue)


def distance(a: Colour, b: Colour) -> float:
    """Perceptual distance of two colours, from 0 for equal ones to 1 for black and white."""
    red, green, blue = (abs(x - y) for x, y in zip(a, b, strict=True))
    return (0.3 * red + 0.5 * green + 0.2 * blue) / 255


def contrasting_colour(rng: np.random.Generator, others: tuple[Colour, ...], least: float) -> Colour:
    """A random colour at a distance of at least `least` from all `others`, or the best of twelve attempts."""
    best, best_distance = (0, 0, 0), -1.0
    for _ in range(12):
        colour = random_colour(rng)
        nearest = min(distance(colour, other) for other in others)
        if nearest > best_distance:
            best, best_distance = colour, nearest
        if best_distance >= least:
            break
    return best


def random_paint(rng: np.random.Generator, others: tuple[Colour, ...], contrast: float) -> Paint:
    """A random texture whose two colours both stand out from `others` by about `contrast`."""
    first = contrasting_colour(rng, others, contrast)
    second = contrasting_colour(rng, (first, *others), 0.7 * contrast)
    angle, period, phase = rng.random(3)
    return Paint(
        texture=TEXTURES[int(rng.integers(len(TEXTURES)))],
        colours=(first, second),
        angle=math.tau * angle,
        period=0.45 + 0.5 * period,
        phase=phase,
        grid=rng.integers(0, 256, (8, 8), dtype=np.uint8),
    )


def _wave(t: np.ndarray) -> np.ndarray:
    """A square wave of period 1 with soft edges, from 0 to 1."""
    return np.clip(np.abs(t - np.floor(t) - np.float32(0.5)) * np.float32(6) - np.float32(1), 0, 1)


def pattern(paint: Paint, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """Weight of the second colour at each pixel.

    Only additions, products and comparisons are used on arrays, as these round equally on all platforms.

    Args:
        paint: The texture.
        xs: `(1, w)` float32 coordinates in radii.
        ys: `(h, 1)` float32 coordinates in radii.

    Returns:
        `(h, w)` float32 from 0 to 1.
    """
    if paint.texture == "noise":
        size = (xs.shape[1], ys.shape[0])
        cloud = Image.fromarray(paint.grid).resize(size, Image.Resampling.BICUBIC)
        return np.asarray(cloud, dtype=np.float32) / np.float32(255)
    cosine, sine = round(math.cos(paint.angle), 9), round(math.sin(paint.angle), 9)
    u = xs * cosine + ys * sine
    if paint.texture == "gradient":
        return np.clip(u * np.float32(0.6) + np.float32(0.5), 0, 1)
    if paint.texture == "plain":
        return np.zeros_like(u)
    u = u / paint.period + paint.phase
    if paint.texture == "stripes":
        return _wave(u)
    v = (ys * cosine - xs * sine) / paint.period + paint.phase
    if paint.texture == "checks":
        a, b = _wave(u), _wave(v)
        return a + b - 2 * a * b
    du, dv = u - np.floor(u) - np.float32(0.5), v - np.floor(v) - np.float32(0.5)
    return np.clip((np.float32(0.1) - du * du - dv * dv) * np.float32(20), 0, 1)


def fill(paint: Paint, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """The colours, `(h, w, 3)` float32 from 0 to 255; arguments as for `pattern`."""
    first, second = (np.array(colour, dtype=np.float32) for colour in paint.colours)
    if paint.texture == "plain":
        return np.broadcast_to(first, (ys.shape[0], xs.shape[1], 3))
    return first + (second - first) * pattern(paint, xs, ys)[..., None]
