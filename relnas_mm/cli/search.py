"""Searches for a cell: `python tools/search.py CONFIG [--work-dir DIR] [--resume] [--cfg-options KEY=VALUE …]`."""

import argparse
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from mmengine.config import Config

import relnas_mm.search.mm_loop  # noqa: F401  (registers)
from relnas_mm.checks import check_before_running
from relnas_mm.cli.parser import LAUNCHERS, runner_parser
from relnas_mm.downstream.task_configs import embed_task_configs
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.launch import load_config, run
from relnas_mm.outputs import reserved
from relnas_mm.processes import is_elastic_restart, is_main_process
from relnas_mm.search.builder import check_loop
from relnas_mm.search.identity import claim_work_dir, run_identity
from relnas_mm.search.setup import pin_latency_table, with_runner_needs

RAY = "ray"


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = runner_parser(
        "Search for an architecture with MMEngine's Runner.",
        "relnas_mm::search/relativenas_shapes_quick.py",
        "relnas_mm::search/relativenas_cifar10.py --work-dir runs/search --resume",
        "relnas_mm::search/random-alone_cifar10-mini.py --launcher ray --cfg-options train_cfg.cluster.workers=8",
        launchers=(*LAUNCHERS, RAY),
    )
    command.add_argument("--resume", action="store_true", help="resume the search in the work_dir, if there is one")
    command.add_argument("--force", action="store_true", help="resume although the config differs")
    return command


def use_ray(config: Config, ray: bool) -> None:
    """Checks that a config has settings of a cluster if Ray is the launcher, and only then.

    Args:
        config: The config of a search; changed in place.
        ray: Whether Ray is the launcher.

    Raises:
        UserError: The config has a cluster, but Ray is not the launcher, or its loop takes none.
    """
    loop: Any = config.get("train_cfg") or {}
    if not ray and loop.get("cluster") is not None:
        raise UserError(f"train_cfg.cluster is {dict(loop.cluster)}, which needs --launcher {RAY}")
    if ray and loop.get("type") != "SearchLoop":
        raise UserError(f"--launcher {RAY} spreads the candidates of a SearchLoop; this is {loop.get('type')!r}")
    if ray:
        loop.setdefault("cluster", {})


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    ray, args.launcher = args.launcher == RAY, "none" if args.launcher == RAY else args.launcher
    config = with_runner_needs(load_config(args))
    use_ray(config, ray)
    embed_task_configs(config)
    pin_latency_table(config)
    identity = run_identity(config.to_dict())
    check_loop(config.train_cfg)
    check_before_running(config, ())
    resume = args.resume or is_elastic_restart()
    config.train_cfg.resume = resume
    with reserved(config.work_dir) if is_main_process() else nullcontext():
        if is_main_process():
            claim_work_dir(Path(config.work_dir), identity, resume, args.force)
        run(config, lambda runner: runner.train())
