"""Renders a scene graph to an image and an instance map."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from relnas_mm.datasets.shapes.paint import fill, pattern
from relnas_mm.datasets.shapes.scene import Scene, SceneObject


@dataclass(frozen=True)
class Rendered:
    """A rendered scene.

    Attributes:
        image: `(h, w, 3)` uint8 RGB.
        instances: `(h, w)` uint8: 0 is background, k the k-th object of the scene (from 1).
        full_areas: Pixels of each object without occlusion and truncation.
        inside_areas: Pixels of each object inside the image without occlusion.
        scale: Pixels per scene unit.
    """

    image: np.ndarray
    instances: np.ndarray
    full_areas: list[int]
    inside_areas: list[int]
    scale: float


def _corners(points: np.ndarray, origin: tuple[int, int], scale: float) -> list[float]:
    """Polygon corners x0, y0, x1, y1, … in an enlarged patch; snapping to 1/64 px hides rounding differences."""
    snapped = np.floor((points * scale - origin) * 64 + 0.5) / 64 - 0.5
    return snapped.ravel().tolist()


@dataclass(frozen=True)
class _Patch:
    """An object's coverage (0-255) on the pixels `[y0:y0 + h, x0:x0 + w]`, which may leave the image."""

    x0: int
    y0: int
    alpha: np.ndarray
    colours: np.ndarray


def _patch(thing: SceneObject, scene: Scene, scale: float, finer: int) -> _Patch:
    """Draws an object's silhouette with `finer`-fold supersampling, and paints it."""
    points = np.concatenate([p for p, filled in thing.polygons if filled]) * scale
    x0, y0 = (math.floor(v) - 1 for v in points.min(0))
    width, height = (math.ceil(v) + 1 - low for v, low in zip(points.max(0), (x0, y0), strict=True))
    origin = (x0 * finer, y0 * finer)
    mask = Image.new("L", (width * finer, height * finer))
    draw = ImageDraw.Draw(mask)
    for polygon, filled in thing.polygons:
        draw.polygon(_corners(polygon, origin, scale * finer), fill=255 if filled else 0)
    alpha = np.asarray(mask.reduce(finer))

    radius = thing.radius * scale
    xs = (np.arange(width, dtype=np.float32) + np.float32(x0 + 0.5 - thing.centre[0] * scale)) / radius
    ys = (np.arange(height, dtype=np.float32) + np.float32(y0 + 0.5 - thing.centre[1] * scale)) / radius
    xs, ys = xs.astype(np.float32)[None], ys.astype(np.float32)[:, None]
    colours = fill(thing.paint, xs, ys)
    if thing.details:
        layer = Image.new("RGBA", mask.size, (*thing.paint.colours[0], 0))
        draw = ImageDraw.Draw(layer)
        for polygon, colour in thing.details:
            draw.polygon(_corners(polygon, origin, scale * finer), fill=(*colour, 255))
        detail = np.asarray(layer.reduce(finer), dtype=np.float32)
        colours = colours + (detail[..., :3] - colours) * (detail[..., 3:] / np.float32(255))
    shade = np.float32(1) + np.float32(0.5 * scene.light[0]) * xs + np.float32(0.5 * scene.light[1]) * ys
    return _Patch(x0, y0, alpha, colours * shade[..., None])


def _overlap(x0: int, y0: int, shape: tuple[int, ...], size: tuple[int, int]) -> tuple[tuple, tuple]:
    """Overlap of a patch with the image: index into the image, index into the patch."""
    left, top = max(x0, 0), max(y0, 0)
    right, bottom = max(min(x0 + shape[1], size[0]), left), max(min(y0 + shape[0], size[1]), top)
    inside = (slice(top, bottom), slice(left, right))
    return inside, (slice(top - y0, bottom - y0), slice(left - x0, right - x0))


def _background(scene: Scene, size: tuple[int, int], scale: float, finer: int) -> np.ndarray:
    large = (size[0] * finer, size[1] * finer)
    ground = Image.fromarray(scene.ground).resize(size, Image.Resampling.BICUBIC)
    ground = ground.resize(large, Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(ground)
    for stroke in scene.strokes:
        corners = _corners(stroke.points, (0, 0), scale * finer)
        if stroke.width:
            draw.line(corners, fill=stroke.colour, width=max(round(stroke.width * scale * finer), finer))
        else:
            draw.polygon(corners, fill=stroke.colour)
    canvas = np.asarray(ground.reduce(finer), dtype=np.float32)
    if scene.ground_texture > 0.05 and scene.ground_paint.texture != "plain":
        xs = ((np.arange(size[0], dtype=np.float32) - size[0] // 2) / np.float32(0.3 * scale))[None]
        ys = ((np.arange(size[1], dtype=np.float32) - size[1] // 2) / np.float32(0.3 * scale))[:, None]
        share = pattern(scene.ground_paint, xs, ys) * np.float32(scene.ground_texture)
        tint = np.array(scene.ground_paint.colours[0], dtype=np.float32)
        canvas = canvas + (tint - canvas) * share[..., None]
    return np.array(canvas, dtype=np.float32)


def _cast_shadow(canvas: np.ndarray, patch: _Patch, scene: Scene, scale: float, size: tuple[int, int]) -> None:
    soft = Image.fromarray(patch.alpha).filter(ImageFilter.BoxBlur(max(0.012 * scale, 0.5)))
    away = -scene.light / max(math.hypot(*scene.light), 1e-6) * 0.03 * scale
    inside, part = _overlap(patch.x0 + round(away[0]), patch.y0 + round(away[1]), patch.alpha.shape, size)
    canvas[inside] *= np.float32(1) - np.asarray(soft)[part][..., None] * np.float32(scene.shadow / 255)


def render(scene: Scene, size: tuple[int, int], rng: np.random.Generator) -> Rendered:
    """Renders a scene.

    Args:
        scene: The scene.
        size: Width and height in pixels.
        rng: Source of the pixel noise.
    """
    scale = float(min(size))
    finer = 4 if scale <= 64 else 2
    canvas = _background(scene, size, scale, finer)
    instances = np.zeros((size[1], size[0]), dtype=np.uint8)
    full_areas, inside_areas = [], []
    for number, thing in enumerate(scene.objects, 1):
        patch = _patch(thing, scene, scale, finer)
        if scene.shadow > 0.1:
            _cast_shadow(canvas, patch, scene, scale, size)
        inside, part = _overlap(patch.x0, patch.y0, patch.alpha.shape, size)
        alpha = patch.alpha[part]
        solid = alpha >= 128
        canvas[inside] += (patch.colours[part] - canvas[inside]) * (alpha / np.float32(255))[..., None]
        instances[inside][solid] = number
        full_areas.append(int(np.count_nonzero(patch.alpha >= 128)))
        inside_areas.append(int(np.count_nonzero(solid)))
    return Rendered(_develop(canvas, scene, rng), instances, full_areas, inside_areas, scale)


def _develop(canvas: np.ndarray, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Applies a light gradient, blur, noise and rounding."""
    height, width = canvas.shape[:2]
    xs = ((np.arange(width, dtype=np.float32) + np.float32(0.5)) / np.float32(width) - np.float32(0.5))[None]
    ys = ((np.arange(height, dtype=np.float32) + np.float32(0.5)) / np.float32(height) - np.float32(0.5))[:, None]
    falloff = np.float32(1) + np.float32(scene.light[0]) * xs + np.float32(scene.light[1]) * ys
    canvas = canvas * falloff[..., None]
    if scene.blur:
        exposed = Image.fromarray(np.clip(np.rint(canvas), 0, 255).astype(np.uint8))
        canvas = np.asarray(exposed.filter(ImageFilter.BoxBlur(scene.blur * min(height, width))), dtype=np.float32)
    grain = rng.integers(-127, 128, canvas.shape, dtype=np.int8)
    canvas = canvas + grain * np.float32(scene.noise / 127)
    return np.clip(np.rint(canvas), 0, 255).astype(np.uint8)
