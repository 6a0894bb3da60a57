"""One reader for each purpose and format."""

from collections.abc import Callable, Sequence

from relnas_mm.errors import UserError
from relnas_mm.transfer.layouts.coco import read_coco
from relnas_mm.transfer.layouts.found import Data
from relnas_mm.transfer.layouts.segmentation import read_segmentation
from relnas_mm.transfer.layouts.voc import read_voc

Reader = Callable[[str, Sequence[str] | None], Data]
READERS: dict[str, dict[str, Reader]] = {
    "detection": {
        "voc": read_voc,
        "coco": lambda root, classes: read_coco(root, classes, "detection"),
    },
    "segmentation": {
        "cityscapes": lambda root, classes: read_segmentation(root, classes, "cityscapes"),
        "folder": lambda root, classes: read_segmentation(root, classes, "folder"),
    },
    "pose": {"coco": lambda root, classes: read_coco(root, classes, "pose")},
}
"""By purpose and format; the first format of a purpose is its default."""
FORMATS = ("voc", "coco", "cityscapes", "folder")


def check_format(purpose: str, form: str | None, task: str) -> str:
    """The format of a purpose.

    Args:
        purpose: A key of `READERS`.
        form: Format of `--format`, if any.
        task: Name of the task, for the error message.

    Raises:
        UserError: The purpose has no such format.
    """
    readers = READERS[purpose]
    if form is not None and form not in readers:
        raise UserError(f"--format is {form!r}, but {task} reads {' or '.join(map(repr, readers))}")
    return form or next(iter(readers))


def read_data(purpose: str, form: str, root: str, classes: Sequence[str] | None) -> Data:
    """Finds what a config must say about a folder of data.

    Args:
        purpose: A key of `READERS`.
        form: A format of it.
        root: The folder.
        classes: Names of `--classes`, if any.

    Raises:
        UserError: As the reader raises.
    """
    return READERS[purpose][form](root, classes)
