"""Runs a pipeline: `python tools/pipeline.py configs/pipeline/quickstart.py [--work-dir DIR]`."""

import argparse
import shlex

from relnas_mm.cli.parser import add_cfg_options, add_config, command_parser
from relnas_mm.errors import reports_user_errors
from relnas_mm.launch import merge_options, read_config
from relnas_mm.outputs import output_file
from relnas_mm.packaged import home
from relnas_mm.pipeline.plan import read_plan
from relnas_mm.pipeline.run import run_pipeline, write_record


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Generate data, search a cell, train and test a model with it, and write a report. "
        "Rerun the command to resume an interrupted run.",
        "relnas_mm::pipeline/quickstart.py",
        "relnas_mm::pipeline/quickstart.py --work-dir runs/first --cfg-options data.1.splits.train=1000",
    )
    add_config(command, "pipeline config")
    command.add_argument("--work-dir", help="output folder [work_dir of the config]")
    add_cfg_options(command, "data.1.splits.train=1000")
    command.add_argument("--record", help="also write the results and their provenance to this JSON file")
    return command


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    config = read_config(args.config)
    merge_options(config, args.cfg_options, args.config)
    config.work_dir = args.work_dir or config.work_dir
    plan = read_plan(config, args.config, home())
    record = output_file(args.record, "--record") if args.record else None
    run_pipeline(plan, home() / "tools")
    if record:
        write_record(plan, shlex.join(["python", "tools/pipeline.py", args.config]), record)
