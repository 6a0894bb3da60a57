"""Validation of files of detected boxes, without mm packages."""

import os
from collections.abc import Collection
from typing import Any

from relnas_mm.datasets.keypoints.annotations import is_numbers
from relnas_mm.errors import UserError, shown
from relnas_mm.files import LARGE, read_json

KEYS = ("image_id", "category_id", "bbox", "score")
LAYOUT = "it must be a list of objects with image_id, category_id, bbox [left, top, width, height] and score"


def check_detections(path: str | os.PathLike[str], images: Collection[int]) -> None:
    """Validates a file of detected boxes in COCO's result format.

    Args:
        path: The JSON file.
        images: Ids of the images.

    Raises:
        UserError: The file is missing or in another format, or refers to an unknown image.
    """
    content = read_json(path, f"the file of detections {str(path)!r}", LARGE)
    if not isinstance(content, list):
        raise UserError(f"the file of detections {str(path)!r} holds {_kind(content)}; {LAYOUT}")
    for number, detection in enumerate(content, 1):
        _check_detection(detection, f"detection {number} of {str(path)!r}", images)


def _check_detection(detection: Any, where: str, images: Collection[int]) -> None:
    if not isinstance(detection, dict):
        raise UserError(f"{where} is {_kind(detection)}; the file must be a list of objects with {', '.join(KEYS)}")
    missing = [key for key in KEYS if key not in detection]
    if missing:
        raise UserError(f"{where} has no {' and no '.join(missing)}; required are {', '.join(KEYS)}")
    image = detection["image_id"]
    if not isinstance(image, int) or image not in images:
        raise UserError(f"image_id of {where} is {shown(image)}; the annotation file has no such image")
    box, score = detection["bbox"], detection["score"]
    if not isinstance(box, list) or not is_numbers(box[:4], 4):
        raise UserError(f"bbox of {where} is {shown(box)}; it must be [left, top, width, height]")
    if not is_numbers([score], 1):
        raise UserError(f"score of {where} is {shown(score)}; it must be a number")


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "nothing"}
    return kinds.get(type(value), "a number")
