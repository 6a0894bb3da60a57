"""Content of a layout's scenes, and the parameters that derive from the difficulty."""

import math
from dataclasses import dataclass

from relnas_mm.datasets.shapes.classes import CIFAR10_CLASSES, CLASSIFICATION_LAYOUTS, VOC_CLASSES

DEFAULT_DIFFICULTY = 0.3
"""At this difficulty a small detector trains within minutes on a CPU."""

Range = tuple[float, float]


@dataclass(frozen=True)
class Style:
    """Limits of a scene's random parameters.

    Attributes:
        classes: Labelled classes.
        count: Least and largest number of labelled objects.
        radius: Least and largest radius of a shape, in units of the short side.
        person_radius: The same for the half-height of a figure.
        distractor_radius: The same for unlabelled objects.
        difficulty: From 0 (easy) to 1 (hard).
        clutter: Largest number of strokes of clutter at difficulty 1.
    """

    classes: tuple[str, ...]
    count: tuple[int, int]
    radius: Range
    person_radius: Range
    distractor_radius: Range
    difficulty: float
    clutter: int

    def radius_of(self, name: str) -> Range:
        """The range of radii of a labelled object of class `name`."""
        return self.person_radius if name == "person" else self.radius

    @property
    def strokes(self) -> tuple[int, int]:
        """Least and largest number of strokes of clutter."""
        most = round(self.clutter * self.difficulty)
        return most // 2, most

    @property
    def turn(self) -> float:
        """Largest rotation of a shape, radians."""
        return math.pi * min(self.difficulty, 1.0)

    @property
    def contrast(self) -> float:
        """Least colour distance between an object and the background, 0-1."""
        return 0.42 - 0.34 * self.difficulty

    @property
    def overlap(self) -> float:
        """Largest regular overlap, as a fraction of the smaller object's diameter."""
        return 0.75 * self.difficulty

    @property
    def burial(self) -> float:
        """Fraction of objects placed on or under another one."""
        return 0.6 * self.difficulty

    @property
    def distraction(self) -> float:
        """Probability of each of three possible distractors."""
        return 0.8 * self.difficulty

    @property
    def ground_texture(self) -> float:
        """Largest strength of the background's texture, 0-1."""
        return 0.6 * self.difficulty

    @property
    def light(self) -> float:
        """Largest relative brightness change from the middle to the edge."""
        return 0.7 * self.difficulty

    @property
    def blur(self) -> float:
        """Largest radius of the blur, in units of the short side."""
        return 0.01 * self.difficulty

    @property
    def noise(self) -> float:
        """Largest amplitude of the pixel noise, 0-255."""
        return 50 * self.difficulty


def style_for(layout: str, difficulty: float) -> Style:
    """The style of a layout's scenes at a difficulty from 0 to 1."""
    if layout in CLASSIFICATION_LAYOUTS:
        return Style(CIFAR10_CLASSES, (1, 1), (0.26, 0.42), (0.34, 0.48), (0.08, 0.18), difficulty, 10)
    if layout == "voc":
        return Style(VOC_CLASSES, (1, 4), (0.13, 0.28), (0.20, 0.36), (0.07, 0.16), difficulty, 20)
    if layout == "cityscapes":
        return Style(VOC_CLASSES, (4, 8), (0.13, 0.30), (0.22, 0.42), (0.07, 0.16), difficulty, 24)
    return Style(("person",), (1, 3), (0.1, 0.2), (0.24, 0.45), (0.07, 0.18), difficulty, 16)
