"""What was found in a folder of data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relnas_mm.errors import UserError, shown

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Split:
    """One part of the data.

    Args:
        settings: Where its files are, as a data set of mm reads it, relative to the folder.
        annotations: Its annotation file relative to the folder, where metrics need that.
    """

    settings: Mapping[str, Any]
    annotations: str | None = None


@dataclass(frozen=True)
class Data:
    """A folder of data.

    Args:
        root: The folder, as typed.
        kind: Type of the data set in mm.
        classes: Names of the classes, in the order of their numbers.
        splits: The parts by the names of `SPLITS`; what is missing is replaced by the part before.
        settings: What all parts have in common.
        image_size: Width and height of the first image.
        joints: Joints of pose data: names, and pairs that are connected.
    """

    root: str
    kind: str
    classes: tuple[str, ...]
    splits: Mapping[str, Split]
    settings: Mapping[str, Any] = field(default_factory=dict)
    image_size: tuple[int, int] | None = None
    joints: "Joints | None" = None


@dataclass(frozen=True)
class Joints:
    """Joints of a category.

    Args:
        names: Their names.
        skeleton: Connected pairs, by their places.
    """

    names: tuple[str, ...]
    skeleton: tuple[tuple[int, int], ...] = ()


def existing(folder: Path, what: str) -> Path:
    """A folder that must exist.

    Raises:
        UserError: It does not.
    """
    if not folder.is_dir():
        raise UserError(f"--data: {what} {str(folder)!r} does not exist")
    return folder


def chosen_classes(found: Sequence[str], wanted: Sequence[str] | None, source: str) -> tuple[str, ...]:
    """The classes of the data, or those that were asked for.

    Args:
        found: Names in the data.
        wanted: Names of `--classes`, if any.
        source: Where the data's names are from.

    Raises:
        UserError: A name is given twice or is not in the data, or there is none.
    """
    if wanted is None:
        if not found:
            raise UserError(f"{source} names no class; give data with labelled objects")
        return tuple(found)
    checked_names(wanted)
    missing = [name for name in wanted if name not in found]
    if missing:
        raise UserError(f"--classes has {shown(missing[0])}, which {source} lacks; it has {', '.join(found)}")
    return tuple(wanted)


def checked_names(names: Sequence[str]) -> None:
    """Checks the names of classes that were given.

    Raises:
        UserError: A name is given twice.
    """
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        raise UserError(f"--classes has {shown(twice[0])} twice; name each class once")


def with_fallbacks(splits: Mapping[str, Split], root: str) -> dict[str, Split]:
    """Parts for training, validation and testing: without one for testing that for validation, and vice versa.

    Raises:
        UserError: There is none for training, or neither of the others.
    """
    if "train" not in splits or not set(splits) - {"train"}:
        has = f"only {', '.join(splits)}" if splits else "none"
        raise UserError(f"--data {root!r} needs a part 'train' and a part 'val' or 'test'; it has {has}")
    val = splits.get("val", splits.get("test"))
    assert val is not None
    return {"train": splits["train"], "val": val, "test": splits.get("test", val)}
