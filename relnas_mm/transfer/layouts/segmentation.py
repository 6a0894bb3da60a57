"""Images and label maps: Cityscapes' layout, or folders images/ and labels/ with one folder per part."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from relnas_mm.datasets.image_files import read_header
from relnas_mm.datasets.segmentation.label_maps import ONE_CHANNEL, read_label_map
from relnas_mm.errors import UserError
from relnas_mm.files import read_bytes
from relnas_mm.transfer.layouts.found import SPLITS, Data, Split, checked_names, existing, with_fallbacks

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".webp")
LAYOUTS = {
    "cityscapes": ("leftImg8bit", "gtFine", "_leftImg8bit.png", "_gtFine_labelTrainIds.png"),
    "folder": ("images", "labels", None, ".png"),
}
"""Folder of images and of label maps, and how their names end; `None` is found in the data."""
READ = 20
"""Label maps of each part whose ids are compared with the classes."""
IGNORED = 255


def read_segmentation(root: str, classes: Sequence[str] | None, layout: str) -> Data:
    """Finds parts, and compares label maps with the classes.

    Args:
        root: The folder.
        classes: Names of `--classes`, which label maps do not have.
        layout: One of `LAYOUTS`.

    Raises:
        UserError: There are no classes, files are missing, or a label map has a larger id than there are classes.
    """
    if not classes:
        raise UserError("--classes is missing; label maps hold numbers only, so name the classes of 0, 1, 2 …")
    checked_names(classes)
    images, labels, image_end, label_end = LAYOUTS[layout]
    existing(Path(root), "the folder")
    existing(Path(root) / images, "the folder")
    splits, size = {}, None
    for split in SPLITS:
        folder = Path(root) / images / split
        if not folder.is_dir():
            continue
        files = _images(folder, image_end)
        image_end = image_end or files[0].suffix
        maps = existing(Path(root) / labels / split, "the folder")
        for place, file in enumerate(files):
            if not file.name.endswith(image_end):
                raise UserError(
                    f"--data: {str(file)!r} ends with {file.suffix!r}, but the first image with {image_end!r}"
                )
            relative = str(file.relative_to(folder))[: -len(image_end)]
            label = maps / f"{relative}{label_end}"
            if not label.is_file():
                raise UserError(f"--data: the image {str(file)!r} has no label map {str(label)!r}")
            if place < READ:
                _check_ids(label, len(classes))
        size = size or _size(files[0])
        paths = {"img_path": f"{images}/{split}", "seg_map_path": f"{labels}/{split}"}
        splits[split] = Split({"data_prefix": paths})
    parts = with_fallbacks(splits, root)
    settings = {"img_suffix": image_end, "seg_map_suffix": label_end}
    return Data(root, "CheckedSegDataset", tuple(classes), parts, settings, size)


def _images(folder: Path, ending: str | None) -> list[Path]:
    endings = (ending,) if ending else IMAGE_ENDINGS
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name.lower().endswith(_lower(endings)))
    if not files:
        raise UserError(f"--data: {str(folder)!r} has no image that ends with {', '.join(endings)}")
    return files


def _lower(endings: Sequence[str]) -> tuple[str, ...]:
    return tuple(ending.lower() for ending in endings)


def _check_ids(file: Path, classes: int) -> None:
    mode = read_header(file, exif=False).mode
    if mode not in ONE_CHANNEL:
        raise UserError(f"the label map {str(file)!r} has colours ({mode}); it must hold one number per pixel")
    ids = np.unique(read_label_map(read_bytes(file, f"the label map {str(file)!r}"), str(file)))
    largest = max((int(value) for value in ids if value != IGNORED), default=0)
    if largest >= classes:
        raise UserError(
            f"--classes names {classes} classes, 0 to {classes - 1}, but the label map {str(file)!r} holds {largest}"
        )


def _size(file: Path) -> tuple[int, int]:
    header = read_header(file)
    return header.width, header.height
