"""COCO's layout: annotations/*train*.json and *val*.json; the images of each part in its own folder, or all in one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relnas_mm.errors import UserError
from relnas_mm.files import LARGE, read_json
from relnas_mm.transfer.layouts.found import SPLITS, Data, Joints, Split, chosen_classes, existing, with_fallbacks

PREFERRED = {"detection": "instances", "pose": "keypoints"}
"""Part of the names of annotation files, where there are several."""


def read_coco(root: str, classes: Sequence[str] | None, purpose: str) -> Data:
    """Finds parts, and classes or joints.

    Args:
        root: The folder of annotations/ and of the images.
        classes: Names of `--classes`, if any.
        purpose: 'detection' or 'pose'.

    Raises:
        UserError: Files are missing or invalid, or a class does not occur.
    """
    annotations = existing(Path(root) / "annotations", "the folder")
    splits, categories = {}, None
    for split in SPLITS:
        file = _annotations(annotations, split, purpose)
        if file is None:
            continue
        what = f"the annotation file {str(file)!r}"
        document = read_json(file, what, LARGE)
        first, own = _contents(document, what)
        if categories is not None and [entry["name"] for entry in own] != [entry["name"] for entry in categories]:
            raise UserError(f"{what} has other categories than those of the part before")
        categories = own
        images = _images(Path(root), split, first, what)
        name = f"annotations/{file.name}"
        splits[split] = Split({"ann_file": name, "data_prefix": {"img": images}}, name)
    parts = with_fallbacks(splits, root)
    entries = categories or []
    source = f"--data {root!r}"
    if purpose == "pose":
        return _pose(root, entries, parts, classes, source)
    names = [entry["name"] for entry in entries]
    chosen = chosen_classes(names, classes, source)
    ordered = tuple(name for name in names if name in chosen)  # mmdet numbers classes in the order of the file
    return Data(root, "CocoDataset", ordered, parts)


def _annotations(folder: Path, split: str, purpose: str) -> Path | None:
    found = sorted(file for file in folder.glob("*.json") if split in file.stem)
    preferred = [file for file in found if PREFERRED[purpose] in file.stem] or found
    if len(preferred) > 1:
        names = ", ".join(file.name for file in preferred)
        raise UserError(f"--data: {str(folder)!r} has several files for the part {split!r}: {names}; keep one")
    return preferred[0] if preferred else None


def _contents(document: Any, what: str) -> tuple[str, list[Mapping[str, Any]]]:
    """Name of the first image, and the categories."""
    try:
        return document["images"][0]["file_name"], [dict(entry, name=entry["name"]) for entry in document["categories"]]
    except (KeyError, IndexError, TypeError):
        raise UserError(
            f"{what} is not in COCO's layout: it needs lists 'images' and 'categories' of mappings"
        ) from None


def _images(root: Path, split: str, first: str, what: str) -> str:
    candidates = [f"{split}2017/", f"{split}/", f"images/{split}2017/", f"images/{split}/", "images/", ""]
    for folder in candidates:
        if (root / folder / first).is_file():
            return folder
    raise UserError(
        f"{what} names the image {first!r}, which is in none of {', '.join(candidates[:-1])} of {str(root)!r}"
    )


def _pose(root: str, entries: Sequence[Any], parts: Any, classes: Sequence[str] | None, source: str) -> Data:
    with_joints = [entry for entry in entries if entry.get("keypoints")]
    if not with_joints:
        raise UserError(f"{source} has no category with 'keypoints', which pose estimation needs")
    names = chosen_classes([entry["name"] for entry in with_joints], classes, source)
    if len(names) != 1:
        raise UserError(f"{source} has joints of {', '.join(names)}; name one of them by --classes")
    entry = next(entry for entry in with_joints if entry["name"] == names[0])
    joints = tuple(map(str, entry["keypoints"]))
    skeleton = tuple((int(a) - 1, int(b) - 1) for a, b in entry.get("skeleton") or ())
    return Data(root, "CheckedCocoKeypointDataset", names, parts, joints=Joints(joints, skeleton))
