"""Searches for a cell: `python tools/search.py CONFIG [--work-dir DIR] [--cfg-options KEY=VALUE …]`."""

import argparse

from mmengine.registry import RUNNERS
from mmengine.runner import Runner

import relnas_mm.search  # noqa: F401  (registers)
from relnas_mm.errors import reports_user_errors
from relnas_mm.launch import check_before_running, load_config, runner_parser


def parse_args() -> argparse.Namespace:
    return runner_parser("Search for an architecture with MMEngine's Runner.").parse_args()


@reports_user_errors
def main() -> None:
    args = parse_args()
    config = load_config(args)
    check_before_running(config, ())
    runner = RUNNERS.build(config) if "runner_type" in config else Runner.from_cfg(config)
    runner.train()


if __name__ == "__main__":
    main()
