"""Checks the checkpoint from which a training starts, before data and model are built."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from relnas_mm.errors import UserError
from relnas_mm.models.checkpoints.files import damage, read_content

LAST = "last_checkpoint"
"""File in a work_dir with the path of the latest checkpoint, as MMEngine writes it."""
NEEDED = ("state_dict", "meta", "message_hub")
"""Parts of a checkpoint without which MMEngine cannot resume."""


def check_start(config: Config, say: Callable[[str], None] = print) -> None:
    """Checks the file that `load_from` names, or finds the one that `resume` goes on from.

    Without `load_from`, that is the newest checkpoint of the work_dir that is whole, whatever `last_checkpoint` says;
    it is set as `load_from`.  If there is none, training starts from the beginning.

    Args:
        config: The complete config of a training, changed in place.
        say: Receives a sentence for each checkpoint that is passed over.

    Raises:
        UserError: The file does not exist or is damaged, or training cannot be resumed from it.
    """
    resume, source = bool(config.get("resume")), config.get("load_from")
    if resume and not source:
        config.load_from = source = newest_whole(Path(config.work_dir), say)
    if not source or "://" in source:
        return
    if not Path(source).is_file():
        where = "--resume" if resume else "load_from"
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


def newest_first(paths: Iterable[Path]) -> list[Path]:
    """Checkpoints whose names end in a number, such as that of the epoch, the largest first."""
    numbered = [(int(match[1]), path) for path in paths if (match := re.search(r"_(\d+)$", path.stem))]
    return [path for _, path in sorted(numbered, reverse=True)]


def newest_whole(folder: Path, say: Callable[[str], None]) -> str | None:
    """The newest checkpoint of a work_dir that is whole, the best ones aside; `None` if there is none.

    Args:
        folder: The work_dir.
        say: Receives a sentence for each checkpoint that is passed over.
    """
    named = _named(folder / LAST)
    if "://" in named:
        return named
    folders = {folder.resolve()} | ({Path(named).resolve().parent} if named else set())  # `out_dir` may be another one
    found = newest_first(path for each in folders for path in each.glob("*.pth") if not path.name.startswith("best_"))
    for path in found:
        if not (reason := damage(path)):
            return str(path)
        say(f"the checkpoint {str(path)!r} is passed over: {reason}")
    if found or (folder / LAST).exists():
        say(f"no checkpoint in {str(folder)!r} is whole; the training starts from the beginning")
    return None


def _named(last: Path) -> str:
    """What a `last_checkpoint` names; '' if it is not there or says nothing."""
    try:
        return last.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


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
