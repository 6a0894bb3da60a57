"""`generate_shapes`: validates parameters, renders the pictures, and moves the finished folder into place."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from relnas_mm.datasets.shapes.camera import Shot, take
from relnas_mm.datasets.shapes.manifest import is_reusable, write_manifest
from relnas_mm.datasets.shapes.styles import DEFAULT_DIFFICULTY
from relnas_mm.datasets.shapes.writers import LAYOUTS
from relnas_mm.errors import UserError
from relnas_mm.outputs import draft_of
from relnas_mm.progress import Advance, progress_bar

SIZE_RANGE = (16, 4096)
"""Least and largest height and width of images, in pixels."""


def _whole(value: object, name: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise UserError(f"{name}={value!r} of the shapes data must be an integer from {low} to {high}")
    return value


def _check_splits(layout: str, splits: Mapping[str, int] | None) -> dict[str, int]:
    known = LAYOUTS[layout].splits
    if splits is None:
        return dict(known)
    for split, count in splits.items():
        if split not in known:
            raise UserError(f"split {split!r} is unknown to the {layout} layout, which has {', '.join(known)}")
        _whole(count, f"splits[{split!r}]", 1, 400_000)
    if not splits:
        raise UserError(f"splits of the {layout} layout is empty; name at least one of {', '.join(known)}")
    return {split: splits[split] for split in known if split in splits}


def _check_size(layout: str, image_size: int | tuple[int, int] | None) -> tuple[int, int]:
    default = LAYOUTS[layout].image_size
    if image_size is None:
        return default
    sides = (image_size, image_size) if isinstance(image_size, int) else tuple(image_size)
    if len(sides) != 2:
        raise UserError(f"image_size={image_size!r} of the shapes data must be one side or (width, height)")
    width, height = (_whole(side, "image_size", *SIZE_RANGE) for side in sides)
    if LAYOUTS[layout].fixed_size and (width, height) != default:
        raise UserError(f"image_size={image_size!r} is not possible: images of the {layout} layout are {default}")
    return width, height


def _check_difficulty(difficulty: float) -> float:
    if isinstance(difficulty, bool) or not isinstance(difficulty, int | float) or not 0 <= difficulty <= 1:
        raise UserError(f"difficulty={difficulty!r} of the shapes data must be a number from 0 to 1")
    return float(difficulty)


def generate_shapes(
    root: str | os.PathLike,
    layout: str = "voc",
    splits: Mapping[str, int] | None = None,
    seed: int = 0,
    image_size: int | tuple[int, int] | None = None,
    difficulty: float = DEFAULT_DIFFICULTY,
    progress: bool = True,
) -> Path:
    """Generates a data set, or reuses an existing one of the same parameters.

    Each image depends only on `(seed, split, index)` and the layout, size and difficulty: the first 100 training images
    are the same whether 100 or 10,000 are generated.  The folder is written atomically.

    Args:
        root: The data set's own folder, new or empty, e.g. `data/shapes/voc`.
        layout: "voc", "cifar10", "cityscapes", "image_folder" or "coco_keypoints".
        splits: Number of images per split; `None` means the layout's defaults.
        seed: From 0 to 2**64 - 1.
        image_size: Size of square images or (width, height) in pixels, 16-4096; `None` means the layout's default.
            CIFAR-10 images are always 32.
        difficulty: From 0 (easy) to 1 (hard): clutter, contrast, rotation, overlap, light and noise.
        progress: Whether to report the progress of long runs to stderr.

    Returns:
        `root` as a path.

    Raises:
        UserError: A parameter is out of range, or `root` contains something else.
    """
    if layout not in LAYOUTS:
        raise UserError(f"layout {layout!r} of the shapes data is unknown; choose from {', '.join(LAYOUTS)}")
    counts, size = _check_splits(layout, splits), _check_size(layout, image_size)
    seed = _whole(seed, "seed", 0, 2**64 - 1)
    difficulty = _check_difficulty(difficulty)
    parameters = {
        "layout": layout,
        "splits": counts,
        "seed": seed,
        "image_size": list(size),
        "difficulty": difficulty,
    }
    root, target = Path(root), Path(root).resolve()  # writes to the target of a link
    if is_reusable(target, parameters):
        return root

    def shots(split: str, count: int, advance: Advance) -> Iterator[Shot]:
        for index in range(count):
            yield take(layout, seed, split, index, size, difficulty)
            advance(1)

    try:
        with (
            draft_of(target) as draft,
            progress_bar(f"images of {layout}", sum(counts.values()), enabled=progress) as advance,
        ):
            LAYOUTS[layout].write(draft, {split: shots(split, count, advance) for split, count in counts.items()})
            write_manifest(draft, parameters)
            _put_in_place(draft, target, parameters)
    except OSError as error:
        raise UserError(f"the data set folder {root} cannot be created ({error}); name another one") from None
    return root


def _put_in_place(draft: Path, root: Path, parameters: dict) -> None:
    """Renames the finished folder, unless another process has created the same data in the meantime."""
    try:
        if root.is_dir():
            root.rmdir()  # Windows renames over nothing, not even an empty folder
        draft.rename(root)
    except OSError:
        if not is_reusable(root, parameters):
            raise
