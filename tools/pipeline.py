"""From nothing to a trained detector: `python tools/pipeline.py configs/pipeline/quickstart.py [--work-dir DIR]`."""

import argparse
from dataclasses import replace
from pathlib import Path

import relnas_mm  # noqa: F401  (registers)
from relnas_mm.errors import reports_user_errors
from relnas_mm.launch import read_config
from relnas_mm.pipeline.plan import read_plan
from relnas_mm.pipeline.run import run_pipeline

TOOLS = Path(__file__).resolve().parent


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Make data, search a cell, train and test a model with it, write one report.  "
        "The same command again continues an interrupted run."
    )
    parser.add_argument("config", help="pipeline config")
    parser.add_argument("--work-dir", help="folder for everything [work_dir of the config]")
    return parser.parse_args()


@reports_user_errors
def main() -> None:
    args = parse_args()
    plan = read_plan(read_config(args.config), args.config, home=TOOLS.parent)
    if args.work_dir:
        plan = replace(plan, work_dir=Path(args.work_dir))
    run_pipeline(plan, TOOLS)


if __name__ == "__main__":
    main()
