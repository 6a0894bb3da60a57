"""What a step reads: its settings and its data, summarized so that it runs again only when they changed."""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from relnas_mm.pipeline.plan import PAGES
from relnas_mm.pipeline.steps import Step, TrainedIn

LOADERS = {
    "search": (),
    "train": ("train_dataloader", "val_dataloader"),
    "test": ("test_dataloader",),
}
"""Data loaders of the config that a tool reads."""
MAX_FILES = 200_000
"""Files of a data folder whose sizes are compared; of larger folders, only the upper two levels."""
MAX_LIST = 256 << 20
"""Largest list or annotation file, in bytes, whose content is compared."""
_VARIABLE = re.compile(r"\{\{\s*\$(\w+):([^}]*)\}\}")


@dataclass(frozen=True)
class MissingData:
    """A data set that is not there.

    Args:
        path: Where the config expects it.
        variable: Environment variable that names its folder, if any.
        page: Page of the documentation that says how to get it.
    """

    path: str
    variable: str
    page: str

    def __str__(self) -> str:
        hint = f"set {self.variable} to its folder, or " if self.variable else ""
        return f"{self.path!r} does not exist; {hint}see {self.page} for how to get it"


class Inputs:
    """Reads the inputs of steps; configs and folders are read once."""

    def __init__(self) -> None:
        self._configs: dict[str, Config] = {}
        self._folders: dict[str, str] = {}

    def config(self, step: Step) -> Config | None:
        """The merged config of a step without the options that the pipeline sets."""
        if step.job is None:
            return None
        key = json.dumps([step.job.config, step.job.options], sort_keys=True, default=str)
        if key not in self._configs:
            self._configs[key] = step.job.read()
        return self._configs[key]

    def missing(self, step: Step) -> list[MissingData]:
        """Data sets of a step that do not exist."""
        config = self.config(step)
        if config is None:
            return []
        page = PAGES.get(step.stage, "docs/data.md")
        absent = [path for path in self._data_paths(step, config) if not Path(path).exists()]
        # a folder that is missing names all that should be in it
        roots = [path for path in absent if not any(path != other and _inside(path, other) for other in absent)]
        return [MissingData(path, _variable(config, path), page) for path in dict.fromkeys(roots)]

    def digest(self, step: Step, digests: Mapping[str, str]) -> str:
        """SHA-256 of all that the result of a step depends on.

        Args:
            step: The step.
            digests: Digests of the steps that it needs.
        """
        config = self.config(step)
        content = {
            "tool": step.tool,
            "config": None if config is None else config.to_dict(),
            "arguments": [_portable(argument) for argument in step.arguments],
            "options": {key: _portable(value) for key, value in step.options.items()},
            "files": [_content(Path(str(value))) for value in _files(step)],
            "data": [] if config is None else [self._folder(path) for path in self._data_paths(step, config)],
            "needs": [digests[name] for name in step.needs],
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()

    def _data_paths(self, step: Step, config: Config) -> list[str]:
        if step.tool == "search":
            return list(_roots(config.get("train_cfg", {})))
        loaders = [config.get(key) or {} for key in LOADERS.get(step.tool, ())]
        return list(dict.fromkeys(path for loader in loaders for path in _roots(loader)))

    def _folder(self, path: str) -> str:
        if path not in self._folders:
            self._folders[path] = _summary(Path(path))
        return self._folders[path]


def _roots(entry: Any, root: str = "") -> Iterator[str]:
    """Yields folders and lists of the data sets in nested settings."""
    if isinstance(entry, Mapping):
        own = entry.get("data_root")
        if isinstance(own, (str, os.PathLike)) and str(own):
            root = os.path.expanduser(str(own))  # noqa: PTH111  (a Path refuses users that do not exist)
            yield root
        listed = entry.get("ann_file")
        if isinstance(listed, str) and listed and (root or Path(listed).is_absolute()):
            yield str(Path(root, listed))
        for value in entry.values():
            yield from _roots(value, root)
    elif isinstance(entry, (list, tuple)):
        for value in entry:
            yield from _roots(value, root)


def _inside(path: str, folder: str) -> bool:
    return os.path.normpath(path).startswith(os.path.normpath(folder) + os.sep)


def _variable(config: Config, path: str) -> str:
    """Environment variable in the text of a config and its bases that gives the beginning of a path."""
    for name, default in _VARIABLE.findall(config.text):
        value = os.environ.get(name, default.strip())
        if value and os.path.normpath(path).startswith(os.path.normpath(value)):
            return name
    return ""


def _portable(value: Any) -> str:
    """An argument without the pipeline's work_dir, which may move; earlier steps are compared by their digests."""
    if isinstance(value, TrainedIn):
        return "trained"
    return value.name if isinstance(value, Path) else Path(value).name if _is_path(value) else str(value)


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and Path(value).is_absolute()


def _files(step: Step) -> Iterator[Any]:
    """Files of genotypes and weights among the arguments and options, but not those that the step writes."""
    for value in (*step.arguments, *step.options.values()):
        if (isinstance(value, Path) or _is_path(value)) and not _inside(str(value), str(step.folder)):
            yield value


def _content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and path.stat().st_size < MAX_LIST else ""


def _summary(path: Path) -> str:
    """Names and sizes of the files in a folder, or the content of a file, as one digest."""
    if not path.is_dir():
        return _content(path)
    lines = []
    for depth, folder, names, files in _walk(path):
        if len(lines) > MAX_FILES and depth > 1:
            names.clear()
            continue
        lines += [f"{folder}/{name} {_size(path / folder / name)}" for name in sorted(files)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _walk(root: Path) -> Iterator[tuple[int, str, list[str], list[str]]]:
    for folder, names, files in os.walk(root):
        names.sort()
        inner = os.path.relpath(folder, root)
        yield inner.count(os.sep) + (inner != "."), inner, names, files


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
