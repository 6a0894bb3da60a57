"""Pictures embedded in self-contained pages."""

import base64
import io
import re
from html import escape
from pathlib import Path

from PIL import Image

_SUFFIXES = {"jpg": "jpeg"}


def data_uri(picture: Path) -> str:
    """Encodes a PNG or JPEG file as a data URI."""
    suffix = picture.suffix.lower().lstrip(".")
    return _data_uri(picture.read_bytes(), _SUFFIXES.get(suffix, suffix))


def small_data_uri(image: Image.Image, most: int, longest: int = 960) -> str:
    """Encodes an image as a JPEG data URI of limited length.

    Args:
        image: An RGB image.
        most: Largest number of characters; the image is reduced until it fits, but not below 64 pixels.
        longest: Largest width and height in pixels.
    """
    small = image.copy()
    while True:
        small.thumbnail((longest, longest))
        file = io.BytesIO()
        small.save(file, "JPEG", quality=80)
        text = _data_uri(file.getvalue(), "jpeg")
        if len(text) <= most or longest <= 64:
            return text
        longest = max(64, longest * 3 // 4)


def inline_svg(picture: Path, title: str, name: str, scales: tuple[float, float]) -> str:
    """Reads an SVG of matplotlib as an element for HTML pages.

    Args:
        picture: The SVG file.
        title: What it shows, for those who do not see it; plain text.
        name: Id of the element, and prefix of all ids in it: letters, digits, '_' and '-'.
        scales: Smallest and largest number of CSS pixels for a unit of the SVG, between which the element is as wide as
            its container.

    Returns:
        The element, without anything that refers to other files.
    """
    text = picture.read_text(encoding="utf-8")
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="([^"]*)"', rf'id="{name}-\1"', text)
    text = re.sub(r'href="#([^"]*)"', rf'href="#{name}-\1"', text)
    text = re.sub(r"url\(#([^)]*)\)", rf"url(#{name}-\1)", text)
    text = text.replace("*{stroke-linejoin", f"#{name} *{{stroke-linejoin", 1)
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
    if size is None:
        raise ValueError(f"{str(picture)!r} has no viewBox")
    least, most = (float(size[1]) * scale for scale in scales)
    width = f"width: 100%; min-width: {least:.0f}px; max-width: {most:.0f}px"
    label = escape(" ".join(title.split()))
    head = f'<svg id="{name}" viewBox="{size[0][9:-1]}" role="img" aria-label="{label}" style="{width}">'
    return head + text[text.index(">") + 1 :].strip()


def _data_uri(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
