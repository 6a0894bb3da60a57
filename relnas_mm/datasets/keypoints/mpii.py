"""Validation of mmpose's JSON files of MPII, without mm packages."""

import os
from typing import Any

from scipy.io import loadmat

from relnas_mm.datasets.keypoints.annotations import is_numbers, shorten
from relnas_mm.errors import UserError
from relnas_mm.files import LARGE, read_json

HEADS = "headboxes_src"
"""Key of two corners of the head of each person, (2, 2, n), in MPII's own file."""


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


def check_heads(path: str | os.PathLike[str], people: int) -> None:
    """Checks that a file has a head for each person.

    Args:
        path: The file `mpii_gt_val.mat`.
        people: Number of persons.

    Raises:
        UserError: The file is missing or in another format, or has another number of heads.
    """
    try:
        heads = loadmat(path)[HEADS]  # MATLAB arrays have at least two dimensions
    except KeyError:
        raise UserError(f"the file of heads {str(path)!r} has no {HEADS!r}; MPII's is called mpii_gt_val.mat") from None
    except Exception as error:  # scipy raises unrelated types for missing and malformed files
        raise UserError(f"the file of heads {str(path)!r} cannot be read: {error}") from None
    if heads.shape != (2, 2, people):
        raise UserError(f"the file of heads {str(path)!r} has {heads.shape[-1]} of them, for {people} persons")


def _check_person(person: Any, where: str, joints: int) -> None:
    if not isinstance(person, dict) or not isinstance(person.get("image"), str):
        raise UserError(f"{where} names no image; required are image, center, scale, joints and joints_vis")
    if not is_numbers(person.get("center"), 2) or not is_numbers([person.get("scale")], 1) or person["scale"] <= 0:
        found = f"center {shorten(person.get('center'))} and scale {shorten(person.get('scale'))}"
        raise UserError(f"{where} has {found}; two numbers and a positive one are needed")
    positions, flags = person.get("joints"), person.get("joints_vis")
    if not isinstance(positions, list) or not isinstance(flags, list):
        raise UserError(f"{where} has no joints or no joints_vis")
    if len(positions) != joints or len(flags) != joints:
        raise UserError(f"{where} has {len(positions)} joints and {len(flags)} flags; {joints} are expected")
    if not all(is_numbers(position, 2) for position in positions) or not all(flag in (0, 1) for flag in flags):
        raise UserError(f"joints of {where} must be pairs of numbers, flagged 0 (not labelled) or 1")
