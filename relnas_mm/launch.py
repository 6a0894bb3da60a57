"""From the arguments of a command to a config and a Runner."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from relnas_mm import distributed_cpu
from relnas_mm.checks.vis_backends import check_vis_backends
from relnas_mm.errors import UserError
from relnas_mm.packaged import config_name, config_path
from relnas_mm.renamed import check_renamed
from relnas_mm.seeding import check_seed

Result = TypeVar("Result")


def build_runner(config: Config) -> Runner:
    """Builds MMEngine's Runner, or the registered one that `runner_type` names."""
    distributed_cpu.prepare(config)
    if "runner_type" in config:
        return RUNNERS.build(config)  # type: ignore[arg-type]
    return Runner.from_cfg(config)


def run(config: Config, work: Callable[[Runner], Result]) -> Result:
    """Builds the Runner, calls `work` with it, and leaves the process group; returns the result of `work`."""
    result = work(build_runner(config))
    distributed_cpu.leave()
    return result


TOOL_HOOKS = {
    "data_check": "DataCheckHook",
    "worker_seed": "WorkerSeedHook",
    "finite_loss": "FiniteLossHook",
    "pretrained_fit": "PretrainedFitHook",
}
"""Hooks that the tools add to every config, by their key in `default_hooks`."""


def add_tool_hooks(config: Config) -> None:
    """Adds `TOOL_HOOKS` to a config; a key that is `None` in `default_hooks` leaves its hook out.

    `SafeCheckpointHook` takes the place of MMEngine's `CheckpointHook`, with its settings.
    """
    hooks = config.setdefault("default_hooks", {})
    checkpoint = hooks.get("checkpoint", dict(type="CheckpointHook", interval=1))
    if checkpoint is not None and checkpoint.get("type", "CheckpointHook").split(".")[-1] == "CheckpointHook":
        hooks.checkpoint = {**checkpoint, "type": "SafeCheckpointHook"}
    custom = config.get("custom_hooks") or ()
    config.custom_hooks = [hook for hook in custom if hook.get("type") not in TOOL_HOOKS.values()]
    for key, kind in TOOL_HOOKS.items():
        if hooks.setdefault(key, dict(type=kind)) is None:
            del hooks[key]  # MMEngine refuses None for names that are not its own


def load_config(args: argparse.Namespace) -> Config:
    """Reads the config of a tool and merges its arguments.

    Args:
        args: Arguments of `runner_parser`.

    Raises:
        UserError: The file is missing or cannot be parsed, an option does not fit it, its seed is out of range, or the
            package of a visualization backend is missing.
    """
    os.environ.setdefault("LOCAL_RANK", str(args.local_rank))
    config = read_config(args.config)
    config.launcher = args.launcher
    merge_options(config, args.cfg_options, args.config)
    check_randomness(config)
    check_vis_backends(config)
    if args.work_dir:
        config.work_dir = args.work_dir
    elif not config.get("work_dir"):
        config.work_dir = str(Path("work_dirs") / config_name(args.config))
    return config


def check_randomness(config: Config) -> None:
    """Checks the seed of a config; without one, MMEngine draws it.

    Raises:
        UserError: The seed is no integer, or out of range.
    """
    randomness = config.get("randomness") or {}
    if not isinstance(randomness, dict):
        raise UserError(f"randomness is {randomness!r}; it must be a mapping such as dict(seed=0)")
    if randomness.get("seed") is not None:
        check_seed(randomness["seed"], "randomness.seed")


def config_with_options(path: str, options: dict[str, Any] | None) -> Config:
    """Reads a config and sets the options of a command line (`read_config`, `merge_options`)."""
    config = read_config(path)
    merge_options(config, options, path)
    return config


def merge_options(config: Config, options: dict[str, Any] | None, source: str) -> None:
    """Merges `--cfg-options` into a config.

    Args:
        config: Changed in place.
        options: Dotted keys to values; `None` for no options.
        source: Path of the config, for the error message.

    Raises:
        UserError: An option does not fit the config, or uses a name of an earlier release.
    """
    try:
        config.merge_from_dict(options or {})
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, AssertionError) as error:
        raise UserError(f"--cfg-options {options} do not fit {source!r}: {error}") from None
    check_renamed(config.to_dict(), f"the config {source!r}")


def read_config(path: str) -> Config:
    """Reads one config file.

    Args:
        path: Its path, or `package::path` of one that comes with a package.

    Raises:
        UserError: The file is missing or cannot be parsed, or uses a name of an earlier release.
    """
    file = config_path(path)
    if not Path(file).is_file():
        raise UserError(f"the config {path!r} does not exist")
    try:
        config = Config.fromfile(file)
    except UserError:
        raise
    except Exception as error:  # mmengine raises many types for invalid Python, JSON or YAML and for missing bases
        raise UserError(f"the config {path!r} cannot be read: {type(error).__name__}: {error}") from error
    check_renamed(config.to_dict(), f"the config {path!r}")
    return config
