"""COCO keypoints: JPEG images and one JSON file of persons per split."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from relnas_mm.datasets.shapes.camera import Annotation, Shot
from relnas_mm.datasets.shapes.classes import KEYPOINTS, SKELETON
from relnas_mm.datasets.shapes.contours import contours

_JPEG: dict[str, Any] = {"quality": 92, "subsampling": 0}
_FIRST_ID = {"train": 1, "val": 500_001}

CATEGORY = {
    "supercategory": "person",
    "id": 1,
    "name": "person",
    "keypoints": list(KEYPOINTS),
    "skeleton": [list(pair) for pair in SKELETON],
}
"""COCO's one category with keypoints, as it is written there."""


def _person(annotation: Annotation, shot: Shot, image_id: int) -> dict:
    joints = np.zeros((17, 3)) if annotation.joints is None else annotation.joints
    x0, y0, x1, y1 = annotation.box
    return {
        "id": 100 * image_id + annotation.number,
        "image_id": image_id,
        "category_id": 1,
        "iscrowd": 0,
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": annotation.area,
        "segmentation": contours(shot.instances == annotation.number),
        "num_keypoints": int(np.count_nonzero(joints[:, 2])),
        "keypoints": [number for x, y, v in joints.tolist() for number in (round(x, 1), round(y, 1), int(v))],
    }


def write(root: Path, shots: dict[str, Iterator[Shot]]) -> None:
    """Writes `annotations`, `train2017` and `val2017` into `root`."""
    (root / "annotations").mkdir(parents=True)
    for split, pictures in shots.items():
        folder = root / f"{split}2017"
        folder.mkdir()
        images, people = [], []
        for image_id, shot in enumerate(pictures, _FIRST_ID[split]):
            height, width = shot.image.shape[:2]
            name = f"{image_id:012d}.jpg"
            Image.fromarray(shot.image).save(folder / name, **_JPEG)
            images.append({"id": image_id, "file_name": name, "height": height, "width": width, "license": 1})
            people += [_person(annotation, shot, image_id) for annotation in shot.annotations]
        content = {
            "info": {"description": "relnas_mm shapes: stick figures"},
            "licenses": [{"id": 1, "name": "generated", "url": ""}],
            "images": images,
            "annotations": people,
            "categories": [CATEGORY],
        }
        (root / "annotations" / f"person_keypoints_{split}2017.json").write_text(json.dumps(content))
