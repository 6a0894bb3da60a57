"""Stick figures: a random pose, its 17 COCO joints and its body as polygons."""

import math
from dataclasses import dataclass

import numpy as np

from relnas_mm.datasets.shapes.outlines import Polygon, capsule, disc

_SHOULDER, _HIP, _HEAD_RADIUS = (0.25, -0.44), (0.15, 0.10), 0.2
_UPPER_ARM, _FOREARM, _THIGH, _SHIN = 0.33, 0.31, 0.44, 0.42
_LIMBS = ((5, 7), (7, 9), (6, 8), (8, 10), (11, 13), (13, 15), (12, 14), (14, 16))


@dataclass(frozen=True)
class Figure:
    """A figure of about unit half-height around the origin, facing the viewer (its left is at positive x).

    Attributes:
        joints: `(17, 2)` in COCO's order.
        body: The silhouette.
        head, legs, face: Polygons on the body that may have colours of their own.
    """

    joints: np.ndarray
    body: list[Polygon]
    head: list[np.ndarray]
    legs: list[np.ndarray]
    face: list[np.ndarray]


def _bone(start: np.ndarray, length: float, degrees: float, side: int) -> np.ndarray:
    """The far end of a bone; 0 degrees points down, positive ones away from the body on `side` (+1 left)."""
    angle = math.radians(degrees)
    return start + length * np.array([side * math.sin(angle), math.cos(angle)])


def sample_figure(rng: np.random.Generator) -> Figure:
    """Draws a pose: arms from hanging to raised, bent elbows, legs from standing to striding."""
    joints = np.zeros((17, 2))
    thickness = 0.075 + 0.045 * rng.random()
    yaw, tilt = rng.uniform(-1, 1, 2)
    head_x, head_y = 0.05 * tilt, -0.76
    joints[0] = (head_x + 0.06 * yaw, head_y + 0.03)
    for offset, side in ((0, 1), (1, -1)):
        joints[1 + offset] = (head_x + 0.06 * yaw + side * 0.08, head_y - 0.05)
        joints[3 + offset] = (head_x + side * _HEAD_RADIUS, head_y)
        joints[5 + offset] = (side * _SHOULDER[0], _SHOULDER[1])
        joints[11 + offset] = (side * _HIP[0], _HIP[1])
        arm = rng.uniform(8, 150)
        joints[7 + offset] = _bone(joints[5 + offset], _UPPER_ARM, arm, side)
        joints[9 + offset] = _bone(joints[7 + offset], _FOREARM, arm + rng.uniform(-25, 100), side)
        thigh = rng.uniform(-4, 48)
        joints[13 + offset] = _bone(joints[11 + offset], _THIGH, thigh, side)
        joints[15 + offset] = _bone(joints[13 + offset], _SHIN, thigh - rng.uniform(-8, 55), side)

    limbs = [capsule(joints[a], joints[b], thickness) for a, b in _LIMBS]
    corners = joints[[5, 6, 12, 11]]
    trunk = [capsule(corners[i], corners[(i + 1) % 4], thickness) for i in range(4)]
    skull = disc(_HEAD_RADIUS, (head_x, head_y), 21)
    ears = [disc(0.055, (joints[i, 0], joints[i, 1]), 9) for i in (3, 4)]
    neck = capsule(np.array([head_x, head_y]), np.array([0.0, _SHOULDER[1]]), 0.8 * thickness)
    body = [*limbs, *trunk, corners, neck, skull, *ears]
    face = [disc(0.042, (joints[i, 0], joints[i, 1]), 9) for i in (1, 2)]
    face.append(np.array([joints[0] + (-0.03, 0.03), joints[0] + (0.03, 0.03), joints[0] + (0.0, -0.05)]))
    return Figure(joints, [(points, True) for points in body], [skull, *ears], limbs[4:], face)
