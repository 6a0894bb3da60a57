"""The manifest of a generated folder: its parameters, and a check of its completeness."""

import json
from pathlib import Path

from relnas_mm.errors import UserError
from relnas_mm.files import read_json

MANIFEST = "shapes_manifest.json"
GENERATOR_VERSION = 1
"""Increased whenever pictures or annotations of the same parameters change."""


def _count_files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*") if path.name != MANIFEST)


def write_manifest(folder: Path, parameters: dict) -> None:
    """Writes the parameters and the number of files of a complete folder."""
    content = {"generator": "relnas_mm.datasets.shapes", "version": GENERATOR_VERSION, **parameters}
    content["files"] = _count_files(folder)
    (folder / MANIFEST).write_text(json.dumps(content, indent=2) + "\n")


def is_reusable(folder: Path, parameters: dict) -> bool:
    """Whether `folder` contains the complete data set of `parameters`; False if it is missing or empty.

    Raises:
        UserError: The folder contains something else.
    """
    if folder.is_file():
        raise UserError(f"the data set folder {folder} is a file; name a new or an empty folder")
    if not folder.exists() or not any(folder.iterdir()):
        return False
    advice = "name another folder or remove this one"
    if not (folder / MANIFEST).exists():
        raise UserError(f"{folder} is not empty and holds no generated shapes ({MANIFEST}); {advice}")
    try:
        found = read_json(folder / MANIFEST, MANIFEST)
        files = found.pop("files")
        wanted = {"generator": found["generator"], "version": GENERATOR_VERSION, **parameters}
    except (ValueError, KeyError, AttributeError, TypeError):
        raise UserError(f"{folder / MANIFEST} is damaged; {advice}") from None
    for key, value in wanted.items():
        if found.get(key) != value:
            raise UserError(
                f"{folder} holds shapes made with {key}={found.get(key)!r}, but {value!r} is asked for; {advice}"
            )
    if _count_files(folder) != files:
        raise UserError(f"{folder} should hold {files} files but holds {_count_files(folder)}; {advice}")
    return True
