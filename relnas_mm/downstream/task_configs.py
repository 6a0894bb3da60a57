"""Puts the configs of tasks into the config of their search, so that a resumed search has the same ones."""

from typing import Any

from mmengine.config import Config

from relnas_mm.launch import merge_options, read_config

EVALUATOR = "DownstreamEvaluator"


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
            content = read_config(path)
            merge_options(content, dict(task.pop("cfg_options", None) or {}), path)
            task["config"], task["source"] = content.to_dict(), path
