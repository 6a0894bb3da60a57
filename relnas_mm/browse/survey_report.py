"""A survey of data as tables, JSON and pictures of odd images."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from rich.console import Console
from rich.table import Table

from relnas_mm.checks.survey import SplitSurvey
from relnas_mm.datasets.image_files import read_rgb
from relnas_mm.datasets.left_out import in_words
from relnas_mm.errors import UserError
from relnas_mm.progress import with_progress

MOST_ODD = 64
"""Odd images that are drawn, of each data set."""
TILE = 160


def print_survey(surveys: Iterable[SplitSurvey]) -> None:
    """Prints a table for each data set, its notes and its contradictions."""
    console = Console(width=120, highlight=False, markup=False)
    for part in surveys:
        console.print(_classes_table(part))
        sizes = ", ".join(f"{size} ({count})" for size, count in part.sizes.most_common(5))
        more = len(part.sizes) - 5
        console.print(f"sizes: {sizes or 'unknown'}{f', and {more} more' if more > 0 else ''}")
        modes = ", ".join(f"{mode} ({count})" for mode, count in part.modes.most_common())
        console.print(f"modes: {modes or 'unknown'}; turned by EXIF: {part.turned}")
        console.print(f"left out: {in_words(part.left_out) or 'nothing'}")
        for note in part.notes:
            console.print(f"note: {note}")
        for sentence in part.contradictions:
            console.print(f"contradiction: {sentence}")
        console.print()


def _classes_table(part: SplitSurvey) -> Table:
    table = Table(title=f"{part.name}: {part.images} images", title_justify="left")
    table.add_column("number", justify="right")
    table.add_column("class" if part.unit != "persons" else "joint")
    table.add_column(part.unit, justify="right")
    names = part.labels.names if part.labels else ()
    for number, name in enumerate(names):
        table.add_row(str(number), name, f"{part.counts[number]:,}" if number < len(part.counts) else "")
    if part.ignored:
        table.add_row("", "ignored", f"{part.ignored:,}")
    return table


def summary(surveys: Iterable[SplitSurvey]) -> list[dict[str, Any]]:
    """The surveys as JSON-serializable data."""
    return [
        {**vars(part), "labels": part.labels and {"noun": part.labels.noun, "names": list(part.labels.names)}}
        for part in surveys
    ]


def odd_pictures(surveys: Iterable[SplitSurvey]) -> list[tuple[str, Image.Image]]:
    """Thumbnails of odd images, captioned with the reason; unreadable ones are gray.

    Returns:
        Names without suffix, and pictures.
    """
    pictures = []
    for part in surveys:
        odd = list(part.odd.items())[:MOST_ODD]
        for number, (path, reason) in enumerate(with_progress(odd, len(odd), f"odd images of {part.name}")):
            name = f"{part.name.removesuffix('_dataloader')}_{number:03d}_{Path(path).stem}"
            pictures.append((name, _captioned(path, reason)))
    return pictures


def _captioned(path: str, reason: str) -> Image.Image:
    tile = Image.new("RGB", (TILE, TILE + 26), "white")
    try:
        picture = read_rgb(path)
        picture.thumbnail((TILE, TILE))
    except UserError:
        picture = Image.new("RGB", (TILE, TILE), "gray")
    tile.paste(picture)
    draw = ImageDraw.Draw(tile)
    draw.text((2, TILE), Path(path).name[-26:], fill="black")
    draw.text((2, TILE + 12), reason[:26], fill="black")
    return tile
