"""Validation of keypoint annotations in COCO's layout, without mm packages."""

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from relnas_mm.errors import UserError, shown
from relnas_mm.files import LARGE, read_json


def check_annotations(path: str | os.PathLike[str], joints: int) -> None:
    """Validates a file of keypoint annotations.

    Annotations without keypoints or box are allowed if others have them, as COCO's files may contain other objects.

    Args:
        path: The JSON file.
        joints: Expected number of joints per person.

    Raises:
        UserError: The file is missing or not in COCO's layout, a person has another number of joints or of labelled
            ones than `num_keypoints`, a value is missing or no number, ids are duplicate or dangling, or no annotation
            has keypoints.
    """
    content = read_json(path, f"the annotation file {str(path)!r}", LARGE)
    if not isinstance(content, dict) or not isinstance(content.get("images"), list):
        raise UserError(f"the annotation file {str(path)!r} is not in COCO's layout: it has no list of 'images'")
    images: set[int] = set()
    for number, image in enumerate(content["images"], 1):
        _check_image(image, f"image {number} of {str(path)!r}", images)
    annotations, categories = (content.get(key, []) for key in ("annotations", "categories"))
    if not all(isinstance(part, list) for part in (annotations, categories)):
        raise UserError(f"'annotations' and 'categories' of {str(path)!r} must be lists")
    known: set[int] = set()
    for number, category in enumerate(categories, 1):
        _check_id(category, f"category {number} of {str(path)!r}", known)
    seen: set[int] = set()
    for number, annotation in enumerate(annotations, 1):
        where = f"annotation {number} of {str(path)!r}"
        _check_id(annotation, where, seen)
        for key, ids, kind in (("image_id", images, "image"), ("category_id", known, "category")):
            if not _is_integer(annotation.get(key)) or annotation[key] not in ids:
                raise UserError(f"{key} of {where} is {shown(annotation.get(key))}; there is no such {kind}")
        _check_person(annotation, f"{where} (id {annotation['id']})", joints)
    if annotations and not any("keypoints" in annotation for annotation in annotations):
        raise UserError(
            f"no annotation of {str(path)!r} has keypoints; COCO's file of them is called person_keypoints_….json"
        )


def why_unusable(annotation: dict[str, Any], width: float, height: float) -> str | None:
    """The reason why an annotation cannot be used, or `None`.

    Persons without labelled joints and crowds have no such reason, as mmpose handles them.

    Args:
        annotation: An annotation in COCO's layout.
        width: Width of the image, in pixels.
        height: Height of the image, in pixels.
    """
    for key in ("keypoints", "bbox"):
        if key not in annotation:
            return f"without {key}"
    left, top, across, down = annotation["bbox"]
    return why_box_unusable((left, top, left + across, top + down), width, height)


def why_box_unusable(box: Sequence[float], width: float, height: float) -> str | None:
    """The reason why a box cannot be used, or `None`; boxes that are partly outside of the image can.

    Args:
        box: Left, top, right and bottom edge, in pixels from the image's upper left corner.
        width: Width of the image, in pixels.
        height: Height of the image, in pixels.
    """
    left, top, right, bottom = box
    if right <= left or bottom <= top:
        return "with a box without area"
    # mmpose clips boxes to the centers of the outermost pixels, and drops those without area
    if left >= width - 1 or top >= height - 1 or right <= 0 or bottom <= 0:
        return "with a box outside of the image"
    return None


def check_images(paths: Iterable[str], source: str) -> None:
    """Checks that local images exist.

    Args:
        paths: Paths of the images.
        source: The file that lists them, for error messages.

    Raises:
        UserError: An image is missing or empty.
    """
    for path in sorted(set(paths)):
        if "://" in path:
            continue
        if not Path(path).is_file():
            raise UserError(f"the image {path!r} of {source!r} does not exist")
        if not Path(path).stat().st_size:
            raise UserError(f"the image {path!r} of {source!r} is empty")


def is_numbers(value: Any, count: int) -> bool:
    """Whether a JSON value is a list of `count` finite numbers, none of them too large for a float."""
    return (
        isinstance(value, list)
        and len(value) == count
        and all(isinstance(part, (int, float)) and abs(part) <= sys.float_info.max for part in value)
    )


def _check_image(image: Any, where: str, seen: set[int]) -> None:
    _check_id(image, where, seen)
    name = image.get("file_name")
    if not isinstance(name, str) or not name:
        raise UserError(f"file_name of {where} is {shown(name)}; it must be the name of a file")
    for key in ("width", "height"):
        if not is_numbers([image.get(key)], 1) or image[key] <= 0:
            raise UserError(f"{key} of {where} is {shown(image.get(key))}; it must be a positive number")


def _check_id(entry: Any, where: str, seen: set[int]) -> None:
    if not isinstance(entry, dict):
        raise UserError(f"{where} is {shown(entry)}; it must be an object with an 'id'")
    number = entry.get("id")
    if not _is_integer(number):
        raise UserError(f"id of {where} is {shown(number)}; it must be an integer of 64 bits")
    if number in seen:
        raise UserError(f"id of {where} is {number}, which an earlier one has already")
    seen.add(number)  # type: ignore[arg-type]


def _check_person(person: dict[str, Any], where: str, joints: int) -> None:
    if "bbox" in person and not is_numbers(person["bbox"], 4):
        raise UserError(f"bbox of {where} is {shown(person['bbox'])}; it must be [left, top, width, height]")
    for key in ("num_keypoints", "area"):
        if key in person and not is_numbers([person[key]], 1):
            raise UserError(f"{key} of {where} is {shown(person[key])}; it must be a number")
    if "keypoints" not in person:
        return
    keypoints = person["keypoints"]
    if isinstance(keypoints, list) and len(keypoints) != 3 * joints:
        found = f"{len(keypoints) / 3:.4g} joints ({len(keypoints)} numbers)"
        raise UserError(f"{where} has {found}; {joints} are expected, three numbers for each")
    if not is_numbers(keypoints, 3 * joints):
        raise UserError(f"keypoints of {where} are {shown(keypoints)}; they must be a list of {3 * joints} numbers")
    if not set(keypoints[2::3]) <= {0, 1, 2}:
        flag = next(flag for flag in keypoints[2::3] if flag not in (0, 1, 2))
        raise UserError(f"a joint of {where} is flagged {flag}; allowed are 0 (not labelled), 1 (hidden), 2 (visible)")
    labelled = sum(flag > 0 for flag in keypoints[2::3])
    if person.get("num_keypoints", labelled) != labelled:
        raise UserError(
            f"num_keypoints of {where} is {person['num_keypoints']}, but {labelled} of its joints are flagged as "
            "labelled (1 or 2); they must be equal"
        )


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value.bit_length() < 64
