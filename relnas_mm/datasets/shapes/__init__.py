"""Generated scenes of shapes and stick figures: labelled data for all tasks, without a download.

>>> from relnas_mm.datasets.shapes import generate_shapes
>>> generate_shapes("data/shapes/voc", layout="voc", splits={"train": 400, "test": 100})  # doctest: +SKIP
"""

from relnas_mm.datasets.shapes.camera import Annotation, Shot, take
from relnas_mm.datasets.shapes.classes import (
    CIFAR10_CLASSES,
    CITYSCAPES_CLASSES,
    CITYSCAPES_PALETTE,
    IGNORE_LABEL,
    KEYPOINTS,
    SKELETON,
    VOC_CLASSES,
    VOC_PALETTE,
)
from relnas_mm.datasets.shapes.generate import generate_shapes
from relnas_mm.datasets.shapes.styles import DEFAULT_DIFFICULTY
from relnas_mm.datasets.shapes.writers import LAYOUTS

__all__ = [
    "CIFAR10_CLASSES",
    "CITYSCAPES_CLASSES",
    "CITYSCAPES_PALETTE",
    "DEFAULT_DIFFICULTY",
    "IGNORE_LABEL",
    "KEYPOINTS",
    "LAYOUTS",
    "SKELETON",
    "VOC_CLASSES",
    "VOC_PALETTE",
    "Annotation",
    "Shot",
    "generate_shapes",
    "take",
]
