"""Contact sheets of a layout's pictures with their annotations."""

import io
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from relnas_mm.datasets.shapes.camera import Annotation, Shot, take
from relnas_mm.datasets.shapes.classes import (
    CIFAR10_CLASSES,
    CITYSCAPES_PALETTE,
    IGNORE_LABEL,
    SKELETON,
    VOC_CLASSES,
    VOC_PALETTE,
)
from relnas_mm.datasets.shapes.styles import DEFAULT_DIFFICULTY
from relnas_mm.datasets.shapes.writers import LAYOUTS
from relnas_mm.datasets.shapes.writers.cityscapes import train_ids

_WHITE, _BLACK, _GREY = (255, 255, 255), (0, 0, 0), (150, 150, 150)
_LEFT, _RIGHT, _MIDDLE = (255, 150, 40), (60, 220, 90), (80, 170, 255)


def _caption(draw: ImageDraw.ImageDraw, corner: tuple[float, float], text: str, colour: tuple) -> None:
    x, y = max(corner[0], 0), max(corner[1], 0)
    draw.rectangle((x, y, x + 6 * len(text) + 3, y + 10), fill=colour)
    draw.text((x + 2, y - 1), text, fill=_BLACK if sum(colour) > 330 else _WHITE)


def _enlarged(image: np.ndarray, times: int) -> Image.Image:
    return Image.fromarray(image.repeat(times, 0).repeat(times, 1))


def _draw_label(shot: Shot, times: int) -> Image.Image:
    tile = Image.new("RGB", (shot.image.shape[1] * times, shot.image.shape[0] * times + 12), _WHITE)
    tile.paste(_enlarged(shot.image, times))
    text = CIFAR10_CLASSES[shot.label or 0]
    ImageDraw.Draw(tile).text((tile.width / 2 - 3 * len(text), tile.height - 12), text, fill=_BLACK)
    return tile


def _draw_boxes(shot: Shot, times: int) -> Image.Image:
    tile = _enlarged(shot.image, times)
    draw = ImageDraw.Draw(tile)
    for annotation in shot.annotations:
        colour = _GREY if annotation.difficult else VOC_PALETTE[VOC_CLASSES.index(annotation.name)]
        x0, y0, x1, y1 = (times * side for side in annotation.box)
        draw.rectangle((x0, y0, x1 - 1, y1 - 1), outline=colour, width=2)
        _caption(draw, (x0, y0 - 10), annotation.name + ("?" if annotation.difficult else ""), colour)
    return tile


def _draw_segments(shot: Shot, times: int) -> Image.Image:
    colours = np.zeros((256, 3), dtype=np.uint8)
    colours[: len(CITYSCAPES_PALETTE)] = CITYSCAPES_PALETTE
    colours[IGNORE_LABEL] = _WHITE
    return _enlarged(np.concatenate([shot.image, colours[train_ids(shot)]]), times)


def _draw_skeleton(draw: ImageDraw.ImageDraw, annotation: Annotation, times: int) -> None:
    joints = [] if annotation.joints is None else annotation.joints.tolist()
    spots = [((x + 0.5) * times, (y + 0.5) * times, v) for x, y, v in joints]
    for a, b in SKELETON:
        (xa, ya, va), (xb, yb, vb) = spots[a - 1], spots[b - 1]
        if va and vb:
            sides = {(a - 1) % 2 if a > 1 else None, (b - 1) % 2 if b > 1 else None}
            colour = _LEFT if sides == {1} else _RIGHT if sides == {0} else _MIDDLE
            draw.line((xa, ya, xb, yb), fill=colour, width=2)
    for x, y, v in spots:
        if v:
            draw.ellipse((x - 2, y - 2, x + 2, y + 2), fill=_WHITE if v == 2 else _BLACK, outline=_BLACK)


def _draw_people(shot: Shot, times: int) -> Image.Image:
    tile = _enlarged(shot.image, times)
    draw = ImageDraw.Draw(tile)
    for annotation in shot.annotations:
        x0, y0, x1, y1 = (times * side for side in annotation.box)
        draw.rectangle((x0, y0, x1 - 1, y1 - 1), outline=_GREY)
        _draw_skeleton(draw, annotation, times)
    return tile


_DRAWERS: dict[str, tuple[Callable[[Shot, int], Image.Image], int, int]] = {
    "cifar10": (_draw_label, 10, 3),
    "image_folder": (_draw_label, 7, 3),
    "voc": (_draw_boxes, 4, 2),
    "cityscapes": (_draw_segments, 3, 1),
    "coco_keypoints": (_draw_people, 4, 2),
}
"""Function that draws a tile, and numbers of columns and rows, by layout."""


def contact_sheet(
    layout: str, seed: int = 0, image_size: tuple[int, int] | None = None, difficulty: float = DEFAULT_DIFFICULTY
) -> Image.Image:
    """Draws the first training pictures of a layout with labels, boxes, masks or skeletons.

    Args:
        layout: One of `LAYOUTS`.
        seed: As for `generate_shapes`.
        image_size: Width and height in pixels; `None` means the layout's default.
        difficulty: As for `generate_shapes`.
    """
    drawer, columns, rows = _DRAWERS[layout]
    size = image_size or LAYOUTS[layout].image_size
    times = max(1, math.ceil(64 / min(size)))
    shots = (take(layout, seed, "train", index, size, difficulty) for index in range(columns * rows))
    tiles = [drawer(shot, times) for shot in shots]
    width, height = tiles[0].width + 4, tiles[0].height + 4
    sheet = Image.new("RGB", (columns * width - 4, rows * height - 4), _WHITE)
    for index, tile in enumerate(tiles):
        sheet.paste(tile, (index % columns * width, index // columns * height))
    return sheet


def save_small(sheet: Image.Image, path: Path, most_bytes: int = 150_000) -> None:
    """Saves a palette PNG with the largest number of colours, 16 to 256, that fits into `most_bytes`."""
    content = b""
    for colours in (256, 192, 128, 96, 64, 48, 32, 16):
        buffer = io.BytesIO()
        reduced = sheet.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        reduced.save(buffer, "PNG", optimize=True)
        content = buffer.getvalue()
        if len(content) <= most_bytes:
            break
    path.write_bytes(content)
