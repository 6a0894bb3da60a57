"""Validation of mmpose's JSON files of MPII, without mm packages."""

import os
from typing import Any

import numpy as np

from relnas_mm.datasets.keypoints.annotations import is_numbers
from relnas_mm.datasets.keypoints.mat_files import read_array
from relnas_mm.errors import UserError, shown
from relnas_mm.files import LARGE, read_json

HEADS = "headboxes_src"
"""Key of two corners of the head of each person, (2, 2, n), in MPII's own file."""
HEAD_SIZE_RATIO = 0.6
"""Share of the diagonal of a head that PCKh counts as its size."""


def check_people(path: str | os.PathLike[str], joints: int) -> int:
    """Validates a file of persons.

    Args:
        path: The JSON file: a list of objects with image, center, scale, joints and joints_vis.
        joints: Expected number of joints per person.

    Returns:
        The number of persons.

    Raises:
        UserError: The file is missing or in another layout, or a person has another number of joints.
    """
    people = read_json(path, f"the annotation file {str(path)!r}", LARGE)
    if not isinstance(people, list):
        raise UserError(f"the annotation file {str(path)!r} is not in MPII's layout: it is no list of persons")
    for number, person in enumerate(people, 1):
        _check_person(person, f"person {number} of {str(path)!r}", joints)
    return len(people)


def read_heads(path: str | os.PathLike[str], people: int) -> np.ndarray:
    """Reads the heads of persons.

    Args:
        path: The file `mpii_gt_val.mat`.
        people: Number of persons.

    Returns:
        Two corners of the head of each person, in pixels, (2, 2, n).

    Raises:
        UserError: The file is missing or in another format, or has another number of heads.
    """
    what = f"the file of heads {str(path)!r}"
    heads = read_array(path, HEADS, what)
    if heads is None:
        raise UserError(f"{what} has no {HEADS!r}; MPII's is called mpii_gt_val.mat")
    if heads.shape != (2, 2, people):
        raise UserError(f"{what} has {heads.shape[-1]} of them, for {people} persons")
    return heads


def _check_person(person: Any, where: str, joints: int) -> None:
    if not isinstance(person, dict) or not isinstance(person.get("image"), str):
        raise UserError(f"{where} names no image; required are image, center, scale, joints and joints_vis")
    if not person["image"].split(".")[0].isdecimal():
        raise UserError(f"{where} names the image {shown(person['image'])}; MPII's are numbers, as 015601864.jpg")
    if not is_numbers(person.get("center"), 2) or not is_numbers([person.get("scale")], 1) or person["scale"] <= 0:
        found = f"center {shown(person.get('center'))} and scale {shown(person.get('scale'))}"
        raise UserError(f"{where} has {found}; two numbers and a positive one are needed")
    positions, flags = person.get("joints"), person.get("joints_vis")
    if not isinstance(positions, list) or not isinstance(flags, list):
        raise UserError(f"{where} has no joints or no joints_vis")
    if len(positions) != joints or len(flags) != joints:
        raise UserError(f"{where} has {len(positions)} joints and {len(flags)} flags; {joints} are expected")
    if not all(is_numbers(position, 2) for position in positions) or not all(flag in (0, 1) for flag in flags):
        raise UserError(f"joints of {where} must be pairs of numbers, flagged 0 (not labelled) or 1")
