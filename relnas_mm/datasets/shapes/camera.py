"""Renders images and annotations, which all layouts write, from (seed, split, index)."""

from dataclasses import dataclass

import numpy as np

from relnas_mm.datasets.shapes.classes import CIFAR10_CLASSES, CLASSIFICATION_LAYOUTS
from relnas_mm.datasets.shapes.render import Rendered, render
from relnas_mm.datasets.shapes.scene import SceneObject, sample_scene
from relnas_mm.datasets.shapes.streams import Purpose, balanced_label, stream
from relnas_mm.datasets.shapes.styles import DEFAULT_DIFFICULTY, style_for

LEAST_PIXELS = 12
"""Objects with fewer visible pixels are not annotated."""

DIFFICULT_OCCLUSION = 0.7
"""Covered fraction above which an object is difficult."""


@dataclass(frozen=True)
class Annotation:
    """The visible part of a labelled object.

    Attributes:
        name: Class name.
        number: Its value in the instance map.
        box: `(x0, y0, x1, y1)`, tight around the visible pixels; x1 and y1 are excluded.
        area: Visible pixels.
        occlusion: Covered fraction of the part inside the image, 0-1.
        truncated: Whether more than 5 % of it is outside the image.
        joints: `(17, 3)` x, y in pixels and visibility (0 outside, 1 covered, 2 visible), else None.
    """

    name: str
    number: int
    box: tuple[int, int, int, int]
    area: int
    occlusion: float
    truncated: bool
    joints: np.ndarray | None

    @property
    def difficult(self) -> bool:
        """Whether the object is difficult in VOC's sense, as most of it is covered."""
        return self.occlusion > DIFFICULT_OCCLUSION


@dataclass(frozen=True)
class Shot:
    """A rendered image with annotations.

    Attributes:
        image: `(h, w, 3)` uint8 RGB.
        instances: `(h, w)` uint8, 0 is background; see `Annotation.number`.
        annotations: The labelled objects that can be seen, from back to front.
        names: Class of every object, labelled or not, by number minus one; None for a distractor.
        label: Index into `CIFAR10_CLASSES` of the main object, in layouts for classification only.
    """

    image: np.ndarray
    instances: np.ndarray
    annotations: list[Annotation]
    names: list[str | None]
    label: int | None


def _see_joints(joints: np.ndarray, number: int, rendered: Rendered) -> np.ndarray:
    """Joints in pixels with COCO's visibility flags; pixel centers have integer coordinates."""
    height, width = rendered.instances.shape
    seen = np.zeros((len(joints), 3))
    for row, (x, y) in zip(seen, joints * rendered.scale - 0.5, strict=True):
        column, line = int(np.floor(x + 0.5)), int(np.floor(y + 0.5))
        if 0 <= column < width and 0 <= line < height:
            visible = rendered.instances[line, column] == number
            row[:] = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1), 2 if visible else 1
    return seen


def _annotate(thing: SceneObject, number: int, rendered: Rendered) -> Annotation | None:
    mask = rendered.instances == number
    area = int(np.count_nonzero(mask))
    if area < LEAST_PIXELS:
        return None
    columns, lines = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    inside, full = rendered.inside_areas[number - 1], rendered.full_areas[number - 1]
    return Annotation(
        name=thing.name,
        number=number,
        box=(int(columns[0]), int(lines[0]), int(columns[-1]) + 1, int(lines[-1]) + 1),
        area=area,
        occlusion=1 - area / inside,
        truncated=inside < 0.95 * full,
        joints=None if thing.joints is None else _see_joints(thing.joints, number, rendered),
    )


def take(
    layout: str, seed: int, split: str, index: int, size: tuple[int, int], difficulty: float = DEFAULT_DIFFICULTY
) -> Shot:
    """Renders image `index` of a split, as a pure function of the arguments.

    Args:
        layout: One of `LAYOUTS`, which determines the content of scenes.
        seed: From 0 to 2**64 - 1.
        split: Name of the split.
        index: Number of the image, from 0.
        size: Width and height in pixels.
        difficulty: From 0 (easy) to 1 (hard).
    """
    address = f"{layout}/{split}"
    label = balanced_label(seed, address, index, len(CIFAR10_CLASSES)) if layout in CLASSIFICATION_LAYOUTS else None
    short = min(size)
    scene = sample_scene(
        stream(seed, address, index, Purpose.SCENE),
        (size[0] / short, size[1] / short),
        style_for(layout, difficulty),
        main=None if label is None else CIFAR10_CLASSES[label],
    )
    rendered = render(scene, size, stream(seed, address, index, Purpose.PIXELS))
    things = [(number, thing) for number, thing in enumerate(scene.objects, 1) if thing.labelled]
    seen = [_annotate(thing, number, rendered) for number, thing in things]
    return Shot(
        image=rendered.image,
        instances=rendered.instances,
        annotations=[annotation for annotation in seen if annotation is not None],
        names=[thing.name if thing.labelled else None for thing in scene.objects],
        label=label,
    )
