"""Validation of class names in the meta information of data sets, without mm packages."""

from collections import Counter
from pathlib import Path
from typing import Any

from relnas_mm.errors import UserError


def check_class_names(classes: Any, where: str) -> None:
    """Checks that class names are a list of distinct, non-empty strings.

    Args:
        classes: The names, as a config gives them.
        where: Where they stand, for error messages, such as 'metainfo of train_dataloader'.

    Raises:
        UserError: They are one string, which MMEngine would split into letters unless it names a file; they are none;
            or a name is no string, empty, or duplicate.
    """
    if isinstance(classes, str):
        if Path(classes).is_file():  # MMEngine reads a name per line
            return
        raise UserError(f"classes of {where} is the text {classes!r}; write ({classes!r},) for one class")
    if not isinstance(classes, (list, tuple)):
        raise UserError(f"classes of {where} is {classes!r}; it must be a list of names")
    if not classes:
        raise UserError(f"classes of {where} is empty; it must name at least one class")
    for number, name in enumerate(classes, 1):
        if not isinstance(name, str) or not name.strip():
            raise UserError(f"class {number} of {where} is {name!r}; it must be a non-empty text")
    repeated = [name for name, count in Counter(classes).items() if count > 1]
    if repeated:
        raise UserError(
            f"classes of {where} names {repeated[0]!r} {Counter(classes)[repeated[0]]} times; once is allowed"
        )


class ChecksClassNames:
    """Mixin of mm data sets: validates class names before anything is loaded."""

    @classmethod
    def _load_metainfo(cls, metainfo: Any = None) -> dict[str, Any]:
        if isinstance(metainfo, dict) and "classes" in metainfo:
            check_class_names(metainfo["classes"], f"metainfo of {cls.__name__}")
        loaded = super()._load_metainfo(metainfo)  # type: ignore[misc]
        if "classes" in loaded:
            check_class_names(loaded["classes"], f"metainfo of {cls.__name__}")
        return loaded
