"""Puts the configs of tasks into the config of their search, so that a resumed search has the same ones."""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from relnas_mm.launch import merge_options, read_config

EVALUATOR = "DownstreamEvaluator"


def task_config(config: "str | Config | Mapping[str, Any]", options: Mapping[str, Any] | None, source: str) -> Config:
    """The config of a task with its options merged.

    Args:
        config: Path of a config, or the config.
        options: As for `--cfg-options`.
        source: Where the config comes from, for messages.

    Raises:
        UserError: The file is missing or cannot be read, or an option does not fit it.
    """
    read = read_config(config) if isinstance(config, str) else Config(dict(config))
    merge_options(read, dict(options or {}), source)
    return read


def embed_task_configs(config: Config) -> None:
    """Replaces the path of each task's config by its content, with its options merged.

    The dumped config of the run is then complete, and a search is not resumed after one of these files has changed.

    Args:
        config: The config of a search; changed in place.

    Raises:
        UserError: A config is missing or cannot be read, or an option does not fit it.
    """
    evaluator: Any = (config.get("train_cfg") or {}).get("evaluator") or {}
    tasks = evaluator.get("tasks") if evaluator.get("type") == EVALUATOR else None
    for task in (tasks or {}).values():
        if isinstance(task.get("config"), str):
            path = task["config"]
            task["config"] = task_config(path, task.pop("cfg_options", None), path).to_dict()
            task["source"] = path
