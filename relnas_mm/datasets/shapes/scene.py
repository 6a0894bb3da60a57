"""The scene graph: objects in drawing order, background and light, in resolution-independent units.

Lengths are in units of the image's short side; a 2:1 image is 2 wide and 1 high.
"""

import math
from dataclasses import dataclass

import numpy as np

from relnas_mm.datasets.shapes.classes import SHAPES
from relnas_mm.datasets.shapes.clutter import Stroke, random_strokes
from relnas_mm.datasets.shapes.figures import sample_figure
from relnas_mm.datasets.shapes.outlines import Polygon, outline
from relnas_mm.datasets.shapes.paint import Colour, Paint, contrasting_colour, random_colour, random_paint
from relnas_mm.datasets.shapes.styles import Style


@dataclass(frozen=True)
class SceneObject:
    """An object of a scene.

    Attributes:
        name: Its class, one of `SHAPES`.
        labelled: Whether it is annotated, else it is a distractor.
        centre: `(2,)`.
        radius: About half its size.
        polygons: The silhouette.
        paint: Texture of the silhouette.
        details: Polygons painted on the silhouette, in order, with their colours.
        joints: `(17, 2)` of a person, else None.
    """

    name: str
    labelled: bool
    centre: np.ndarray
    radius: float
    polygons: list[Polygon]
    paint: Paint
    details: list[tuple[np.ndarray, Colour]]
    joints: np.ndarray | None


@dataclass(frozen=True)
class Scene:
    """All inputs of the renderer.

    Attributes:
        extent: Width and height, the smaller one is 1.
        ground: `(4, 4, 3)` uint8, the background's colours, enlarged smoothly.
        ground_paint: A faint texture over the background.
        ground_texture: Its strength, 0-1.
        strokes: Clutter, drawn on the background.
        objects: From back to front.
        light: Direction the light comes from, `(2,)`, its length is the strength.
        shadow: Darkness of the drop shadows, 0-1.
        blur: Radius of the blur, in units of the short side.
        noise: Amplitude of the pixel noise, 0-255.
    """

    extent: tuple[float, float]
    ground: np.ndarray
    ground_paint: Paint
    ground_texture: float
    strokes: list[Stroke]
    objects: list[SceneObject]
    light: np.ndarray
    shadow: float
    blur: float
    noise: float


def _transform(polygon: np.ndarray, matrix: np.ndarray, centre: np.ndarray) -> np.ndarray:
    return polygon @ matrix + centre


def _pose(rng: np.random.Generator, radius: float, turn: float, stretch: float) -> np.ndarray:
    """A matrix `(2, 2)` that rotates by up to `turn` radians and stretches one axis by up to `stretch`."""
    angle, squeeze = rng.uniform(-turn, turn), 1 - stretch * rng.random()
    c, s = math.cos(angle), math.sin(angle)
    axes = np.diag([1.0, squeeze] if rng.random() < 0.5 else [squeeze, 1.0])
    return radius * axes @ np.array([[c, s], [-s, c]])


def make_object(
    rng: np.random.Generator,
    name: str,
    centre: np.ndarray,
    radius: float,
    avoid: tuple[Colour, ...],
    style: Style,
    labelled: bool,
) -> SceneObject:
    """Creates an object with random pose and paint.

    Args:
        rng: Random generator.
        name: One of `SHAPES`.
        centre: `(2,)`.
        radius: About half its size.
        avoid: Colours to contrast with.
        style: Limits of random parameters.
        labelled: Whether it is annotated.
    """
    paint = random_paint(rng, avoid, style.contrast)
    if name != "person":
        matrix = _pose(rng, radius, style.turn, 0.2)
        parts = [(_transform(p, matrix, centre), filled) for p, filled in outline(name, rng.random())]
        return SceneObject(name, labelled, centre, radius, parts, paint, [], None)
    matrix = _pose(rng, radius, 0.35 * style.turn, 0.1)
    figure = sample_figure(rng)
    head, legs = (contrasting_colour(rng, avoid, style.contrast) for _ in range(2))
    marks = contrasting_colour(rng, (head,), 0.45)
    coloured = [(p, head) for p in figure.head] + [(p, marks) for p in figure.face]
    if rng.random() < 0.5:
        coloured = [(p, legs) for p in figure.legs] + coloured
    return SceneObject(
        name=name,
        labelled=labelled,
        centre=centre,
        radius=radius,
        polygons=[(_transform(p, matrix, centre), filled) for p, filled in figure.body],
        paint=paint,
        details=[(_transform(p, matrix, centre), colour) for p, colour in coloured],
        joints=_transform(figure.joints, matrix, centre),
    )


def _find_centre(
    rng: np.random.Generator,
    extent: tuple[float, float],
    radius: float,
    others: list[SceneObject],
    overlap: float,
) -> np.ndarray | None:
    """A centre whose circle overlaps no other by more than `overlap` (of the smaller diameter), if one is found."""
    margin = 0.7 * radius
    for _ in range(12):
        centre = np.array([rng.uniform(margin, max(side - margin, margin + 1e-3)) for side in extent])
        if all(
            other.radius + radius - math.dist(centre, other.centre) <= overlap * 2 * min(radius, other.radius)
            for other in others
        ):
            return centre
    return None


def _cast(rng: np.random.Generator, style: Style, main: str | None) -> list[tuple[str, bool]]:
    """Classes of the objects to place besides `main`, and whether they are labelled."""
    extras = [SHAPES[int(rng.integers(len(SHAPES)))] for _ in range(rng.binomial(3, style.distraction))]
    if main is not None:
        return [(name, False) for name in extras]
    count = int(rng.integers(style.count[0], style.count[1] + 1))
    names = [style.classes[int(rng.integers(len(style.classes)))] for _ in range(count)]
    return [(name, True) for name in names] + [(name, False) for name in extras if name not in style.classes]


def _sample_objects(
    rng: np.random.Generator,
    extent: tuple[float, float],
    style: Style,
    main: str | None,
    avoid: tuple[Colour, ...],
) -> list[SceneObject]:
    """Places the objects, from back to front, and skips those for which there is no space."""
    objects: list[SceneObject] = []
    for name, labelled in _cast(rng, style, main):
        low, high = style.radius_of(name) if labelled else style.distractor_radius
        radius = rng.uniform(low, high)
        if objects and rng.random() < style.burial:
            neighbour = objects[int(rng.integers(len(objects)))]
            centre = neighbour.centre + neighbour.radius * rng.uniform(-0.9, 0.9, 2)
        else:
            centre = _find_centre(rng, extent, radius, objects, style.overlap * rng.random())
        if centre is not None:
            objects.append(make_object(rng, name, centre, radius, avoid, style, labelled))
    objects = [objects[i] for i in rng.permutation(len(objects))]
    if main is not None:
        centre = np.array(extent) * (0.5 + rng.uniform(-0.1, 0.1, 2))
        objects.append(make_object(rng, main, centre, rng.uniform(*style.radius_of(main)), avoid, style, True))
    return objects


def sample_scene(rng: np.random.Generator, extent: tuple[float, float], style: Style, main: str | None = None) -> Scene:
    """Samples a scene.

    Args:
        rng: Random generator.
        extent: Width and height in units of the short side.
        style: Limits of random parameters.
        main: Class of the only labelled object, large and central; `None` samples the style's objects.
    """
    base = random_colour(rng)
    tint = random_colour(rng)
    mix = rng.random((4, 4, 1)) * (0.3 + 0.5 * style.difficulty)
    ground = np.rint(np.array(base) * (1 - mix) + np.array(tint) * mix).astype(np.uint8)
    red, green, blue = (int(x) for x in np.rint(ground.mean((0, 1))))
    angle = rng.uniform(0, math.tau)
    return Scene(
        extent=extent,
        ground=ground,
        ground_paint=random_paint(rng, (base,), 0.0),
        ground_texture=style.ground_texture * rng.random(),
        strokes=random_strokes(rng, extent, int(rng.integers(style.strokes[0], style.strokes[1] + 1))),
        objects=_sample_objects(rng, extent, style, main, avoid=(base, (red, green, blue))),
        light=style.light * rng.random() * np.array([math.cos(angle), math.sin(angle)]),
        shadow=0.5 * rng.random(),
        blur=style.blur * rng.random() if rng.random() < 0.3 else 0.0,
        noise=style.noise * rng.random(),
    )
