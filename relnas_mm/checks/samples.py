"""What any mm data set says about its samples, without running its pipeline."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from relnas_mm.datasets.headers import SizeClaim, read_headers, size_problem
from relnas_mm.datasets.image_files import ImageHeader
from relnas_mm.errors import UserError

MOST_SENTENCES = 5
"""Contradictions of one kind that are named one by one."""


class Sample(NamedTuple):
    """One entry of a data set.

    Args:
        image: Path of the image.
        size: Width and height in the annotation, in pixels; `None` if it has none.
        label_map: Path of the label map, or `None`.
        labels: Class of each object, or of the image.
    """

    image: str
    size: tuple[float, float] | None
    label_map: str | None
    labels: tuple[int, ...]


def innermost(dataset: Any) -> Iterator[Any]:
    """Data sets inside of wrappers such as RepeatDataset and ConcatDataset."""
    if hasattr(dataset, "datasets"):
        for part in dataset.datasets:
            yield from innermost(part)
    elif hasattr(dataset, "dataset"):
        yield from innermost(dataset.dataset)
    else:
        yield dataset


def samples(dataset: Any) -> Iterator[Sample]:
    """Yields the entries of a data set; of those with several images per entry, none.

    Args:
        dataset: A data set of MMEngine's kind, without wrappers.
    """
    if not hasattr(dataset, "get_data_info"):
        return
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        image = info.get("img_path")
        if not isinstance(image, str):
            return
        instances = info.get("instances")
        labels = [info["gt_label"]] if isinstance(info.get("gt_label"), int) else []
        if isinstance(instances, list):
            labels = [thing["bbox_label"] for thing in instances if "bbox_label" in thing]
        size = (info["width"], info["height"]) if "width" in info and "height" in info else None
        yield Sample(image, size, info.get("seg_map_path"), tuple(labels))


def size_contradictions(dataset: Any, name: str) -> list[str]:
    """Sentences for images that are unreadable or have another size than their annotation says.

    Data sets that check this on loading (`check_images`) are left out.

    Args:
        dataset: A data set of any mm package, with or without wrappers.
        name: Its name, such as 'train_dataloader'.
    """
    problems: list[str] = []
    for part in innermost(dataset):
        if not hasattr(part, "check_images") and getattr(part, "backend_args", None) is None:
            entries = list(samples(part))
            headers = read_headers(entry.image for entry in entries)
            found = (sentence for _, sentence in image_problems(entries, headers, name))
            problems += islice(found, MOST_SENTENCES)
    return problems


def image_problems(
    entries: Sequence[Sample], headers: Mapping[str, ImageHeader | UserError], name: str
) -> Iterator[tuple[str, str]]:
    """Yields each image that is unreadable or has another size than its annotation says, with the sentence.

    Args:
        entries: Entries of a data set, which may share images.
        headers: Headers of their images (`read_headers`).
        name: The data set's name, such as 'train_dataloader'.
    """
    for image, entry in {entry.image: entry for entry in entries}.items():
        header = headers.get(image)
        if isinstance(header, UserError):
            yield image, f"{header} ({name} names it)"
        elif entry.size is not None:
            claim = SizeClaim(image, *entry.size, f"the annotation of {image!r}")
            if problem := size_problem(claim, headers):
                yield image, problem
