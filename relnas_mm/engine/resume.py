"""Checks the checkpoint from which a training starts, before data and model are built."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from relnas_mm.errors import UserError
from relnas_mm.models.checkpoints.files import read_content

LAST = "last_checkpoint"
"""File in a work_dir with the path of the latest checkpoint, as MMEngine writes it."""
NEEDED = ("state_dict", "meta", "message_hub")
"""Parts of a checkpoint without which MMEngine cannot resume."""


def check_start(config: Config) -> None:
    """Checks the file that `load_from` names, or that `resume` finds in the work_dir.

    Args:
        config: The complete config of a training.

    Raises:
        UserError: The file does not exist, or training cannot be resumed from it.
    """
    resume, source = bool(config.get("resume")), config.get("load_from")
    last = Path(config.work_dir, LAST)
    where = "load_from"
    if resume:
        where = "--resume" if source else f"named by {str(last)!r}"
        source = source or _latest(last)
    if not source or "://" in source:
        return
    if not Path(source).is_file():
        reason = "is a folder" if Path(source).is_dir() else "does not exist"
        advice = "name the file by --resume FILE" if resume else "name a file"
        raise UserError(f"the checkpoint {source!r} ({where}) {reason}; {advice}")
    if resume:
        _check_complete(source)


def different_optimizer(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Explains why the state of an optimizer cannot be resumed, or returns ''.

    Settings that only one side has are no difference, as versions of torch add some.

    Args:
        found: State of the optimizer in the checkpoint.
        wanted: State of the one that the config builds.
    """
    theirs, ours = found.get("param_groups"), wanted.get("param_groups")
    if not theirs or not ours:
        return ""
    sizes, wanted_sizes = ([len(group["params"]) for group in groups] for groups in (theirs, ours))
    if sizes != wanted_sizes:
        there, here = (f"{sum(each)} parameters in {len(each)} groups" for each in (sizes, wanted_sizes))
        return f"its optimizer has {there}, not {here}"
    settings, wanted_settings = (set(groups[0]) - {"params", "initial_lr"} for groups in (theirs, ours))
    lacks, more = sorted(wanted_settings - settings), sorted(settings - wanted_settings)
    return f"its optimizer has {', '.join(more)}, not {', '.join(lacks)}" if lacks and more else ""


def _latest(last: Path) -> str | None:
    """The latest checkpoint of a work_dir; `None` if there is none, so that training starts from the beginning."""
    try:
        return last.read_text().strip() if last.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{str(last)!r} cannot be read: {error}; name the checkpoint by --resume FILE") from None


def _check_complete(source: str) -> None:
    content = read_content(source)
    missing = [key for key in NEEDED if not (isinstance(content, Mapping) and isinstance(content.get(key), Mapping))]
    if not missing:
        missing = [f"meta.{key}" for key in ("epoch", "iter") if key not in content["meta"]]
    if missing:
        raise UserError(
            f"the checkpoint {source!r} lacks {', '.join(missing)}; --resume takes a checkpoint that tools/train.py "
            "wrote, and weights alone are loaded by --cfg-options load_from=FILE"
        )
