"""Runs a pipeline: `python tools/pipeline.py configs/pipeline/quickstart.py [--work-dir DIR]`."""

import argparse
import shlex
from pathlib import Path

import relnas_mm  # noqa: F401  (registers)
from relnas_mm.errors import reports_user_errors
from relnas_mm.launch import add_cfg_options, merge_options, read_config
from relnas_mm.outputs import output_file
from relnas_mm.pipeline.plan import read_plan
from relnas_mm.pipeline.run import run_pipeline, write_record

TOOLS = Path(__file__).resolve().parent


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Generate data, search a cell, train and test a model with it, and write a report.  "
        "Rerun the command to resume an interrupted run."
    )
    parser.add_argument("config", help="pipeline config")
    parser.add_argument("--work-dir", help="output folder [work_dir of the config]")
    add_cfg_options(parser, "data.1.splits.train=1000")
    parser.add_argument("--record", help="also write the results and their provenance to this JSON file")
    return parser.parse_args()


@reports_user_errors
def main() -> None:
    args = parse_args()
    config = read_config(args.config)
    merge_options(config, args.cfg_options, args.config)
    config.work_dir = args.work_dir or config.work_dir
    plan = read_plan(config, args.config, home=TOOLS.parent)
    record = output_file(args.record, "--record") if args.record else None
    run_pipeline(plan, TOOLS)
    if record:
        write_record(plan, shlex.join(["python", "tools/pipeline.py", args.config]), record)


if __name__ == "__main__":
    main()
