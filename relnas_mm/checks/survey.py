"""Surveys the data of a config: counts, sizes, what is left out, and every contradiction that can be found."""

import inspect
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS, init_default_scope

from relnas_mm.checks.config import without_initial_weights
from relnas_mm.checks.contract import Labels, empty_classes, label_contradictions, labels_of
from relnas_mm.checks.samples import MOST_SENTENCES, Sample, image_problems, innermost, samples
from relnas_mm.datasets.headers import read_headers
from relnas_mm.datasets.image_files import ImageHeader
from relnas_mm.datasets.segmentation.label_maps import check_label_header, lookup_table, read_label_map
from relnas_mm.errors import UserError
from relnas_mm.progress import with_progress

Headers = dict[str, ImageHeader | UserError]

LOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")
"""Keys of a config whose data are surveyed, in this order."""

USUAL_MODES = ("RGB", "L")
"""Modes of Pillow that need no mention."""

IGNORED = 255
"""Id of ignored pixels when a data set does not name one."""


@dataclass
class SplitSurvey:
    """What was found in the data of one loader.

    Args:
        name: Such as 'train_dataloader'.
        labels: Classes or joints, `None` if the data name none.
        images: Number of distinct images.
        counts: Objects, images or pixels of each class, in the order of `labels`.
        unit: What `counts` counts: 'objects', 'images', 'pixels' or 'persons'.
        sizes: Number of images of each size as read, 'WIDTHxHEIGHT'.
        modes: Number of images of each Pillow mode.
        turned: Number of images that their EXIF orientation turns or mirrors.
        ignored: Number of ignored pixels.
        left_out: Number of entries that the data set skips, by reason.
        contradictions: One sentence each.
        notes: Sentences about what may be intended.
        odd: Images worth a look, with the reason.
    """

    name: str
    labels: Labels | None = None
    images: int = 0
    counts: list[int] = field(default_factory=list)
    unit: str = "objects"
    sizes: Counter[str] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)
    turned: int = 0
    ignored: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    contradictions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    odd: dict[str, str] = field(default_factory=dict)


def survey(config: Config, checkpoint_meta: Any = None) -> list[SplitSurvey]:
    """Surveys the training, validation and test data of a config and compares them with its model and a checkpoint.

    Args:
        config: A config of mmdet, mmseg, mmpose, or of classification.
        checkpoint_meta: `dataset_meta` of a checkpoint, or `None`.

    Returns:
        One survey for each distinct data set; contradictions between them are in the later one.

    Raises:
        UserError: The config has no data.
    """
    init_default_scope(config.get("default_scope", "mmengine"))
    datasets = {name: config[name]["dataset"] for name in LOADERS if config.get(name)}
    if not datasets:
        raise UserError(f"the config has no {', '.join(LOADERS[:-1])} or {LOADERS[-1]}; there is nothing to check")
    surveys: list[SplitSurvey] = []
    seen: list[Any] = []
    for name, dataset in datasets.items():
        if dataset not in seen:
            seen.append(dataset)
            surveys.append(_survey_split(name, dataset))
    _compare(surveys, labels_of(checkpoint_meta), _model(config))
    return surveys


def _model(config: Config) -> Any:
    """The model without pretrained weights, `None` where there is none to compare with."""
    model = config.get("model")
    return MODELS.build(without_initial_weights(model)) if model else None


def _survey_split(name: str, dataset: Any) -> SplitSurvey:
    result = SplitSurvey(name)
    try:
        built = DATASETS.build(_bare(dataset))
        result.labels = labels_of(getattr(built, "metainfo", None))
        parts = list(innermost(built))
        for part in parts:
            result.left_out.update(getattr(part, "left_out", {}))
        entries_of_parts = [list(samples(part)) for part in parts]
    except UserError as error:
        result.contradictions.append(str(error))
        return result
    entries = [entry for of_part in entries_of_parts for entry in of_part]
    headers = read_headers(entry.image for entry in entries)
    _look_at_images(result, entries, headers)
    if any(entry.label_map for entry in entries):
        _count_pixels(result, list(zip(parts, entries_of_parts)), headers)
    elif result.labels and result.labels.noun == "joints":
        result.unit, result.counts = "persons", []
        result.notes.append(f"{name} has {len(entries)} persons with {result.labels}")
    else:
        _count_labels(result, entries, parts)
    return result


def _bare(node: Any) -> Any:
    """A data set's config without pipeline; sizes of images are looked at here instead of on loading."""
    if isinstance(node, (list, tuple)):
        return [_bare(part) for part in node]
    node = {key: _bare(value) if key in ("dataset", "datasets") else value for key, value in node.items()}
    if "pipeline" in node:
        node["pipeline"] = []
    kind: Any = node.get("type")
    if isinstance(kind, str):
        with DATASETS.switch_scope_and_registry(None) as registry:  # imports the mm package, which registers ours
            kind = registry.get(kind)
    if inspect.isclass(kind) and "check_images" in inspect.signature(kind.__init__).parameters:
        node["check_images"] = False
    return node


def _look_at_images(result: SplitSurvey, entries: list[Sample], headers: Headers) -> None:
    result.images = len({entry.image for entry in entries})
    for image, header in headers.items():
        if isinstance(header, ImageHeader):
            _count_header(result, image, header)
    problems = dict(image_problems(entries, headers, result.name))
    for image in problems:
        readable = isinstance(headers[image], ImageHeader)
        result.odd[image] = "contradicts its annotation" if readable else "unreadable"
    result.contradictions += _first(list(problems.values()), f"images of {result.name}")


def _count_header(result: SplitSurvey, image: str, header: ImageHeader) -> None:
    result.sizes[f"{header.width}x{header.height}"] += 1
    result.modes[header.mode] += 1
    if header.orientation != 1:
        result.turned += 1
        result.odd[image] = f"EXIF orientation {header.orientation}"
    if header.mode not in USUAL_MODES:
        result.odd[image] = f"mode {header.mode}"


def _count_labels(result: SplitSurvey, entries: list[Sample], parts: list[Any]) -> None:
    names = result.labels.names if result.labels else ()
    if len(parts) == 1 and hasattr(parts[0], "class_counts"):
        result.unit, result.counts = "images", parts[0].class_counts()
        result.images = result.images or sum(result.counts)
        empty = empty_classes(result.counts, names, result.name)
        if empty:
            result.contradictions.append(empty)
        return
    counts = Counter(label for entry in entries for label in entry.labels)
    result.counts = [counts[number] for number in range(len(names))]
    _note_empty(result, names)
    result.odd.update({entry.image: "without an object" for entry in entries if not entry.labels})


def _count_pixels(result: SplitSurvey, parts: list[tuple[Any, list[Sample]]], images: Headers) -> None:
    names = result.labels.names if result.labels else ()
    ignore = getattr(parts[0][0], "ignore_index", IGNORED)
    pixels = np.zeros(256, dtype=np.int64)
    problems: list[str] = []
    paths = (entry.label_map for _, entries in parts for entry in entries if entry.label_map)
    label_maps = read_headers(paths, exif=False, what="label maps")
    pairs = [(part, entry) for part, entries in parts for entry in entries]
    for part, entry in with_progress(pairs, len(pairs), f"label maps of {result.name}"):
        header = label_maps.get(entry.label_map or "")
        if entry.label_map is None or header is None:
            continue
        try:
            pixels += _pixels_of(entry.label_map, header, images.get(entry.image), entry.image, part)
        except UserError as error:
            problems.append(str(error))
            result.odd[entry.image] = "its label map contradicts it"
    result.unit, result.counts = "pixels", pixels[: len(names)].tolist()
    result.ignored = int(pixels[ignore]) if ignore >= len(names) else 0
    result.contradictions += _first(problems, f"label maps of {result.name}")
    foreign = [number for number in range(len(names), 256) if number != ignore and pixels[number]]
    if foreign:
        result.contradictions.append(
            f"label maps of {result.name} hold the ids {foreign[:10]} on {int(pixels[foreign].sum()):,} pixels; its "
            f"{len(names)} classes allow 0 to {len(names) - 1}, and {ignore} for ignored pixels"
        )
    if names and not any(result.counts):
        result.contradictions.append(
            f"no pixel of {result.name} belongs to a class, and {result.ignored:,} are ignored; check "
            "reduce_zero_label and the label map"
        )
    else:
        _note_empty(result, names)


def _pixels_of(
    path: str, header: ImageHeader | UserError, image: ImageHeader | UserError | None, image_path: str, dataset: Any
) -> np.ndarray:
    """Number of pixels of each id, by the settings of a data set, (256,)."""
    if isinstance(header, UserError):
        raise header
    if isinstance(image, ImageHeader):
        check_label_header(header, image, path, image_path)
    table = lookup_table(getattr(dataset, "reduce_zero_label", False), getattr(dataset, "label_map", None))
    with open(path, "rb") as file:
        return np.bincount(table[read_label_map(file.read(), path)].ravel(), minlength=256)


def _note_empty(result: SplitSurvey, names: Iterable[str]) -> None:
    empty = [name for name, count in zip(names, result.counts) if not count]
    if empty:
        ignored = f", while {result.ignored:,} pixels are ignored" if result.ignored else ""
        result.notes.append(
            f"{len(empty)} of {len(result.counts)} classes of {result.name} have no {result.unit} "
            f"({', '.join(empty[:10])}{', …' if len(empty) > 10 else ''}){ignored}"
        )


def _compare(surveys: list[SplitSurvey], checkpoint: Labels | None, model: Any) -> None:
    by_name = {part.name: part for part in surveys}
    labels = {part.name: part.labels for part in surveys if part.labels}
    for name, sentence in label_contradictions(labels, model, checkpoint):
        by_name[name].contradictions.append(sentence)


def _first(problems: list[str], what: str) -> Iterator[str]:
    yield from islice(problems, MOST_SENTENCES)
    if len(problems) > MOST_SENTENCES:
        yield f"{len(problems) - MOST_SENTENCES} more {what} contradict their annotations"
