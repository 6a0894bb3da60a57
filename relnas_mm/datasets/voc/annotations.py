"""Validation of VOC annotation files, without mm packages."""

import math
import os
import xml.etree.ElementTree as ET
from collections.abc import Collection, Sequence

from relnas_mm.errors import UserError

CORNERS = ("xmin", "ymin", "xmax", "ymax")


def read_annotation(path: str | os.PathLike[str]) -> ET.Element:
    """Reads a VOC annotation file.

    Raises:
        UserError: The file is missing or not well-formed XML.
    """
    try:
        return ET.parse(path).getroot()
    except OSError as error:
        raise UserError(f"the annotation file {str(path)!r} cannot be read: {error.strerror or error}") from None
    except (ET.ParseError, LookupError, ValueError) as error:  # the last two are errors of the encoding
        raise UserError(f"the annotation file {str(path)!r} is not well-formed XML: {error}") from None


def check_annotation(path: str | os.PathLike[str], classes: Collection[str] | None = None) -> None:
    """Validates a VOC annotation file.

    Args:
        path: The XML file.
        classes: Allowed class names; `None` allows all.

    Raises:
        UserError: The file is missing or not well-formed XML; size, or name, box or `difficult` of an object is missing
            or invalid; or a name is none of `classes`.
    """
    root = read_annotation(path)
    size = root.find("size")
    if size is not None:
        for name in ("width", "height"):
            text = size.findtext(name)
            if not _is_integer(text) or int(text or 0) <= 0:
                raise UserError(f"<{name}> of {str(path)!r} is {text!r}; it must be a positive integer")
    for number, thing in enumerate(root.findall("object"), 1):
        _check_object(thing, f"object {number} of {str(path)!r}", classes)


def why_unusable(box: Sequence[float], width: int, height: int) -> str | None:
    """The reason why a box cannot be used, or `None`; boxes that are partly outside of the image can.

    Args:
        box: Left, top, right and bottom edge, in pixels from the image's upper left corner.
        width: Width of the image, in pixels.
        height: Height of the image, in pixels.
    """
    left, top, right, bottom = box
    if right - left < 1 or bottom - top < 1:
        return "without area"
    if left >= width or top >= height or right <= 0 or bottom <= 0:
        return "outside of the image"
    return None


def _check_object(thing: ET.Element, where: str, classes: Collection[str] | None) -> None:
    name = thing.findtext("name")
    if not name:
        raise UserError(f"{where} has no <name>")
    if classes is not None and name not in classes:
        raise UserError(
            f"{where} is of the unknown class {name!r}; allowed are {', '.join(classes)} "
            "(unknown_classes='skip' in the data set leaves others out)"
        )
    difficult = thing.find("difficult")
    if difficult is not None and not _is_integer(difficult.text):
        raise UserError(f"<difficult> of {where} is {difficult.text!r}; it must be 0 or 1")
    box = thing.find("bndbox")
    if box is None:
        raise UserError(f"{where} has no <bndbox>")
    for corner in CORNERS:
        text = box.findtext(corner)
        if not _is_finite(text):
            raise UserError(f"<{corner}> of {where} is {text!r}; it must be a number")


def _is_integer(text: str | None) -> bool:
    try:
        int(text or "")
    except ValueError:
        return False
    return True


def _is_finite(text: str | None) -> bool:
    try:
        return math.isfinite(float(text or ""))
    except ValueError:
        return False
