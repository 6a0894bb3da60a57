"""Ties a work_dir to one run, so that no search overwrites or resumes another one."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from relnas_mm.errors import UserError
from relnas_mm.files import read_json, write_atomically
from relnas_mm.search.store import check_overwriting, found_traces

RUN_FILE = "run.json"
WITHOUT_EFFECT = ("resume", "save_every", "keep", "cluster")
LOOPS = ("SearchLoop", "DartsLoop")
_SHOWN = 8


def run_identity(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings that determine the results of a search: its components and seed, not how it is saved.

    Args:
        config: The complete config.

    Raises:
        UserError: The config is not that of a search, or sets no seed, without which a search cannot be resumed.
    """
    train_cfg = config.get("train_cfg")
    if not isinstance(train_cfg, Mapping) or train_cfg.get("type") not in LOOPS:
        loops = " or ".join(map(repr, LOOPS))
        raise UserError(f"the config has no train_cfg of type {loops}; configs of searches are in configs/search/")
    seed = (config.get("randomness") or {}).get("seed")
    if type(seed) is not int:
        raise UserError(f"randomness.seed is {seed!r}; a search needs an integer, so that it can be resumed")
    parts = {key: value for key, value in train_cfg.items() if key not in WITHOUT_EFFECT}
    return json.loads(json.dumps({"train_cfg": parts, "randomness": {"seed": seed}}))


def claim_work_dir(folder: Path, identity: Mapping[str, Any], resume: bool, force: bool) -> None:
    """Checks that a work_dir is free or belongs to this run, and writes the run's identity to it.

    A search that stopped before its first record, for example on an invalid setting, does not occupy the folder.

    Args:
        folder: The existing work_dir.
        identity: Result of `run_identity`.
        resume: Whether to resume the search in the folder.
        force: Whether to resume it although its config differs.

    Raises:
        UserError: The folder holds a search that is not to be resumed, or one with another config.
    """
    path = folder / RUN_FILE
    check_overwriting(folder, resume)
    found = found_traces(folder)
    if found and not path.exists():
        raise UserError(f"the work_dir {str(folder)!r} holds {found[0]} but no {RUN_FILE}; choose another --work-dir")
    if found and not force and (differing := list(differences(read_json(path, repr(str(path)), nan=True), identity))):
        shown = "; ".join(differing[:_SHOWN]) + ("; …" if len(differing) > _SHOWN else "")
        raise UserError(f"the search in {str(folder)!r} has another config: {shown}; --force continues it all the same")
    write_atomically(path, json.dumps(identity, indent=2) + "\n")


def differences(old: Any, new: Any, key: str = "") -> Iterator[str]:
    """Yields the keys in which two nested mappings differ, as `a.b: 1 -> 2`."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted(set(old) | set(new)):
            yield from differences(old.get(name), new.get(name), f"{key}.{name}" if key else name)
    elif old != new:
        yield f"{key}: {old!r} -> {new!r}"
