"""Predictions on test images: those of the first backbone, beside those of a baseline."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from relnas_mm.datasets.image_files import read_rgb
from relnas_mm.errors import UserError
from relnas_mm.pipeline.results import Results, Score
from relnas_mm.plots.embed import small_data_uri

MOST_PHOTOS = 4
"""Images of a task."""

MOST_CHARACTERS = 2_500_000
"""All embedded images of a page together."""

_ENDINGS = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class Photo:
    """A picture of predictions."""

    task: str
    backbone: str
    seed: int
    path: Path

    @property
    def words(self) -> str:
        """What it shows."""
        return f"{self.task}, {self.path.name}: ground truth left, predictions of {self.backbone} right"


@dataclass(frozen=True)
class Gallery:
    """Pictures of a task: those of the same image follow each other."""

    task: str
    photos: tuple[Photo, ...]


def galleries(results: Results) -> Iterator[Gallery]:
    """Yields the pictures of each task that has some: of the first seed with pictures, and of the first baseline."""
    for task in results.tasks:
        shown: list[tuple[Score, dict[str, Path]]] = []
        for backbone in results.backbones:
            scores = (s for s in results.scores if (s.task, s.backbone) == (task.name, backbone.name))
            found = next(((score, files) for score in scores if (files := _files(score.pictures))), None)
            if found and (not shown or found[1].keys() & shown[0][1].keys()):
                shown.append(found)
            if len(shown) == 2:
                break
        if shown:
            names = [name for name in shown[0][1] if all(name in files for _, files in shown)][:MOST_PHOTOS]
            photos = (
                Photo(task.name, score.backbone, score.seed, files[name]) for name in names for score, files in shown
            )
            yield Gallery(task.name, tuple(photos))


def embedded(photo: Photo, most: int) -> str | None:
    """The picture as a data URI; `None` if it cannot be read.

    Args:
        photo: The picture.
        most: Largest number of characters.
    """
    try:
        return small_data_uri(read_rgb(photo.path), most)
    except UserError:
        return None


def _files(folder: Path) -> dict[str, Path]:
    """Image files by their names, wherever in the folder; none if it is absent."""
    found = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _ENDINGS and path.is_file())
    return {path.name: path for path in found}
