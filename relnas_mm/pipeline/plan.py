"""Pipeline configs, validated before anything runs."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from relnas_mm.cfg_options import format_options
from relnas_mm.errors import UserError

KEYS = {"work_dir", "data", "search", "train", "metric"}
JOB_KEYS = {"config", "cfg_options"}


@dataclass(frozen=True)
class Job:
    """One run of a tool.

    Args:
        config: Path of its config.
        options: Overrides, as in `--cfg-options`.
    """

    config: Path
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def arguments(self) -> list[str]:
        """The options as arguments of `--cfg-options`.

        Raises:
            UserError: A value cannot be written on the command line.
        """
        return format_options(dict(_dotted(self.options)))


@dataclass(frozen=True)
class PipelinePlan:
    """A validated pipeline config.

    Args:
        work_dir: Folder for all results.
        data: Keyword arguments of `generate_shapes`, one mapping per data set to generate; may be empty.
        search: The search.
        train: Training and evaluation of the model with the found cell.
        metric: Metric that the report compares, a key of the evaluator's metrics.
    """

    work_dir: Path
    data: tuple[dict[str, Any], ...]
    search: Job
    train: Job
    metric: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the plan and the text of its configs, apart from `work_dir`."""
        jobs = [(job.config.read_text(), job.options) for job in (self.search, self.train)]
        content = json.dumps([self.data, jobs, self.metric], sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()


def read_plan(config: Config, source: str, home: Path) -> PipelinePlan:
    """Validates a pipeline config.

    Args:
        config: The config.
        source: Its path, for error messages.
        home: Folder to which config paths are relative, which contains `configs/` and `tools/`.

    Raises:
        UserError: A key is missing or unknown, or a config does not exist.
    """
    if missing := KEYS - config.keys():
        raise UserError(f"the pipeline config {source!r} lacks {sorted(missing)}; it needs {sorted(KEYS)}")
    return PipelinePlan(
        work_dir=Path(config.work_dir),
        data=tuple(item.to_dict() for item in config.data),
        search=_job(config, "search", source, home),
        train=_job(config, "train", source, home),
        metric=config.metric,
    )


def _job(config: Config, key: str, source: str, home: Path) -> Job:
    entry = config[key]
    unknown = sorted(set(entry) - JOB_KEYS)
    if unknown or "config" not in entry:
        raise UserError(f"{key} of {source!r} has {unknown or 'no config'}; it takes 'config' and 'cfg_options'")
    path = home / os.path.expanduser(entry.config)
    if not path.is_file():
        raise UserError(f"{key}.config of {source!r} is {entry.config!r}, which does not exist in {str(home)!r}")
    job = Job(path, dict(entry.get("cfg_options", {})))
    try:
        _ = job.arguments
    except UserError as error:
        raise UserError(f"{key}.cfg_options of {source!r}: {error}") from None
    return job


def _dotted(options: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yields nested settings with dotted keys."""
    for key, value in options.items():
        if isinstance(value, dict):
            yield from _dotted(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
