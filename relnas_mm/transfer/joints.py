"""Joints of COCO files as mmpose's metainfo."""

from typing import Any

from relnas_mm.transfer.layouts.found import Joints

COCO_JOINTS = (
    *("nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow"),
    *("right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle"),
    "right_ankle",
)
SIGMA = 0.05
"""Tolerance of each joint in the evaluation (OKS), for which COCO has measured its own."""
SIDES = (("left", "right"), ("Left", "Right"), ("L_", "R_"), ("l_", "r_"))
COLORS = {"left": [0, 255, 0], "right": [255, 128, 0], "": [51, 153, 255]}


def pose_metainfo(joints: Joints | None) -> dict[str, Any] | None:
    """Names, mirrored pairs, skeleton and tolerances.

    Args:
        joints: Joints of the data.

    Returns:
        `None` for COCO's joints, which mmpose knows.
    """
    if joints is None or joints.names == COCO_JOINTS:
        return None
    places = range(len(joints.names))
    return {
        "dataset_name": "custom",
        "keypoint_info": {place: _joint(place, joints) for place in places},
        "skeleton_info": {
            number: {"link": (joints.names[a], joints.names[b]), "id": number, "color": COLORS[""]}
            for number, (a, b) in enumerate(joints.skeleton)
        },
        "joint_weights": [1.0] * len(places),
        "sigmas": [SIGMA] * len(places),
    }


def _joint(place: int, joints: Joints) -> dict[str, Any]:
    name = joints.names[place]
    side = "left" if "left" in name.lower() else "right" if "right" in name.lower() else ""
    return {"name": name, "id": place, "color": COLORS[side], "type": "", "swap": mirrored(name, joints.names)}


def mirrored(name: str, names: tuple[str, ...]) -> str:
    """The joint on the other side of the body; an empty text for one in the middle.

    Args:
        name: A joint.
        names: All joints.
    """
    for left, right in SIDES:
        for here, there in ((left, right), (right, left)):
            other = name.replace(here, there)
            if here in name and other in names:
                return other
    return ""
