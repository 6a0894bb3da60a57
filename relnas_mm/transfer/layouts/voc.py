"""VOC's layout: ImageSets/Main, Annotations and JPEGImages in one folder, or in one below."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from relnas_mm.datasets.voc.annotations import read_annotation
from relnas_mm.errors import UserError
from relnas_mm.files import read_text
from relnas_mm.progress import with_progress
from relnas_mm.transfer.layouts.found import SPLITS, Data, Split, chosen_classes, existing, with_fallbacks

LISTS = {"train": ("train", "trainval"), "val": ("val",), "test": ("test",)}
"""Lists of images that may stand for each part, the first that exists."""


def read_voc(root: str, classes: Sequence[str] | None) -> Data:
    """Finds parts and classes.

    Args:
        root: VOCdevkit, or its folder VOC2007 or the like.
        classes: Names of `--classes`, if any.

    Raises:
        UserError: Files are missing or invalid, or a class does not occur.
    """
    existing(Path(root), "the folder")
    year = _year(Path(root))
    below = "" if year == Path(root) else f"{year.name}/"
    splits, names = {}, {}
    for split in SPLITS:
        for name in LISTS[split]:
            file = year / "ImageSets" / "Main" / f"{name}.txt"
            if file.is_file():
                listed = f"{below}ImageSets/Main/{name}.txt"
                splits[split] = Split({"ann_file": listed, "data_prefix": {"sub_data_root": below}})
                names[split] = _listed(file)
                break
    parts = with_fallbacks(splits, root)
    source = f"--data {root!r}"
    found = sorted(set(_classes(year, sorted({name for listed in names.values() for name in listed}))))
    chosen = chosen_classes(found, classes, source)
    skip = {} if set(found) <= set(chosen) else {"unknown_classes": "skip"}
    return Data(root, "CheckedVOCDataset", chosen, parts, skip)


def _year(root: Path) -> Path:
    if (root / "ImageSets" / "Main").is_dir():
        return root
    below = sorted(folder.parents[1] for folder in root.glob("*/ImageSets/Main"))
    if len(below) != 1:
        names = ", ".join(folder.name for folder in below)
        reason = f"holds several of them ({names}); name one" if below else "holds none with ImageSets/Main"
        raise UserError(f"--data {str(root)!r} should be a folder in VOC's layout, or hold one, but {reason}")
    return below[0]


def _listed(file: Path) -> list[str]:
    names = [line.split()[0] for line in read_text(file, f"the list {str(file)!r}").splitlines() if line.strip()]
    if not names:
        raise UserError(f"the list {str(file)!r} names no image")
    return names


def _classes(year: Path, names: Sequence[str]) -> Iterator[str]:
    for name in with_progress(names, len(names), "annotations"):
        file = year / "Annotations" / f"{name}.xml"
        for part in read_annotation(file).findall("object"):
            yield (part.findtext("name") or "").strip()
