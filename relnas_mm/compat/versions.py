"""Tested versions of packages, which the doctor prints; docs/install.md describes the tests."""

import re
from typing import NamedTuple


class Tested(NamedTuple):
    """A package and its tested versions.

    Attributes:
        module: Import name, which a compiled mmcv, mmcv-lite and forks share.
        requirement: Requirement for pip of the version in the lock file.
        lowest: Lowest tested version.
        highest: Highest tested version.
        role: What needs it: the main job (`main`: a search, then training SSD), `segmentation`, `pose`, or `none`.
    """

    module: str
    requirement: str
    lowest: str
    highest: str
    role: str


PYTHON = ("3.10", "3.13")

TESTED = (
    Tested("numpy", "numpy<2.4", "1.26.4", "2.3.5", "main"),
    Tested("torch", "torch==2.11.0", "2.4.0", "2.15.0", "main"),
    Tested("torchvision", "torchvision==0.26.0", "0.19.0", "0.29.2", "main"),
    Tested("cv2", "opencv-python-headless", "4.11.0", "5.0.0", "main"),
    Tested("setuptools", "setuptools<82", "81.0.0", "84.2.1", "none"),
    Tested("pycocotools", "pycocotools", "2.0.11", "2.0.11", "main"),
    Tested("mmengine", "mmengine==0.10.7", "0.10.7", "0.10.7", "main"),
    Tested("mmcv", "mmcv-lite==2.1.0", "2.1.0", "2.1.0", "main"),
    Tested("mmdet", "mmdet==3.3.0", "3.3.0", "3.3.0", "main"),
    Tested("mmseg", "mmsegmentation==1.2.2", "1.2.2", "1.2.2", "segmentation"),
    Tested("mmpose", "mmpose==1.3.2", "1.3.2", "1.3.2", "pose"),
    Tested("xtcocotools", "xtcocotools", "1.14.3", "1.14.3", "pose"),
)

BY_MODULE = {tested.module: tested for tested in TESTED}


def release(version: str) -> tuple[int, ...]:
    """The numbers of a version: `2.11.0+cu130` is (2, 11, 0), `84.0` and `84` are equal."""
    numbers = [int(number) for number in re.findall(r"\d+", version.split("+")[0])][:4]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def compare_with_tested(module: str, version: str) -> str:
    """`tested`, `older` or `newer` than the tested versions; patch releases of the highest count as tested."""
    tested = BY_MODULE[module]
    if release(version) < release(tested.lowest):
        return "older"
    digits = max(len(release(tested.highest)), 2)
    return "newer" if release(version)[:digits] > release(tested.highest)[:digits] else "tested"
