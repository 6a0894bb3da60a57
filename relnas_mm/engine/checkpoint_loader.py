"""Errors of MMEngine's reader of local checkpoints in one sentence."""

import os
from collections.abc import Mapping
from typing import Any

from mmengine.runner import checkpoint
from mmengine.runner.checkpoint import CheckpointLoader

from relnas_mm.errors import UserError
from relnas_mm.models.checkpoints.files import check_size, reading

PARTS = ("state_dict", "meta", "message_hub", "optimizer")
"""Parts of a checkpoint that MMEngine reads as mappings."""
_load = checkpoint.load_from_local


@CheckpointLoader.register_scheme(prefixes="", force=True)  # type: ignore[misc]
def load_from_local(filename: str, map_location: Any = None) -> Any:
    """Reads a local checkpoint, which `load_from`, `resume` and `init_cfg` of mm modules name.

    Args:
        filename: Path of the file.
        map_location: As for `torch.load`.

    Raises:
        UserError: The file is missing, damaged, holds pickled code, or is no checkpoint.
    """
    with reading(filename):
        check_size(os.path.expanduser(filename))  # noqa: PTH111  (a Path refuses users that do not exist)
        content = _load(filename, map_location)
    if not isinstance(content, Mapping):
        raise UserError(f"the checkpoint {filename!r} holds a {type(content).__name__}; it must hold weights by name")
    for part in PARTS:
        if content.get(part) is not None and not isinstance(content[part], Mapping):
            kind = type(content[part]).__name__
            raise UserError(f"{part!r} of the checkpoint {filename!r} is a {kind}; it must be a mapping")
    return content
