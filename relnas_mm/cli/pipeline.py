"""Runs a pipeline: `python tools/pipeline.py configs/pipeline/quickstart.py [--work-dir DIR] [--dry-run]`."""

import argparse
import shlex
import sys

from relnas_mm.cli.parser import add_cfg_options, add_config, command_parser
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.interruption import advising
from relnas_mm.launch import config_with_options
from relnas_mm.outputs import output_file
from relnas_mm.packaged import home
from relnas_mm.pipeline.collect import collect
from relnas_mm.pipeline.dry_run import dry_run
from relnas_mm.pipeline.estimates import Estimates
from relnas_mm.pipeline.launch import LAUNCHERS, Launcher
from relnas_mm.pipeline.plan import PipelinePlan, read_plan
from relnas_mm.pipeline.record import write_record
from relnas_mm.pipeline.report import write_reports
from relnas_mm.pipeline.run import PipelineRun, unfinished
from relnas_mm.pipeline.selection import select
from relnas_mm.pipeline.steps import steps_of


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Search a cell, train it as a classifier, transfer it to detection, segmentation and pose beside baselines, "
        "and write a report. Rerun the command to continue; only steps whose inputs changed run again.",
        "relnas_mm::pipeline/quickstart.py",
        "relnas_mm::pipeline/mini.py --dry-run",
        "relnas_mm::pipeline/mini.py --only detection --cfg-options seeds=[0]",
        "relnas_mm::pipeline/paper.py --genotype relativenas --launcher pytorch --gpus 8",
    )
    add_config(command, "pipeline config")
    command.add_argument("--work-dir", help="output folder [work_dir of the config]")
    add_cfg_options(command, "data.1.splits.train=1000 seeds=[0,1,2]")
    command.add_argument("--genotype", help="name or file of a genotype that takes the place of the search")
    command.add_argument("--dry-run", action="store_true", help="print steps, missing data and estimates; run nothing")
    command.add_argument("--from", dest="first", metavar="STEP", help="first step to run, such as 'classification'")
    command.add_argument("--until", dest="last", metavar="STEP", help="last step to run, such as 'search'")
    command.add_argument(
        "--only", nargs="+", default=[], metavar="STEP", help="steps to run, such as 'pose' or 'detection.*.test'"
    )
    command.add_argument("--launcher", choices=LAUNCHERS, default="none", help="how search, train and test are started")
    command.add_argument("--gpus", type=int, default=1, metavar="N", help="processes of the launcher [1]")
    command.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="steps that run at the same time, each with its own GPUs [jobs of the config]",
    )
    command.add_argument("--partition", default="", help="Slurm's partition")
    command.add_argument("--record", help="also write the results and their provenance to this JSON file")
    return command


def plan_of(args: argparse.Namespace) -> PipelinePlan:
    """Reads the config of the command line."""
    config = config_with_options(args.config, args.cfg_options)
    config.work_dir = args.work_dir or config.get("work_dir")
    if args.genotype:
        config.genotype = args.genotype
    if args.jobs is not None:
        config.jobs = args.jobs
    return read_plan(config, args.config, home())


def _command(*left_out: str) -> str:
    """The command line as a user repeats it, without some options and their values."""
    kept = sys.argv[1:]
    for option in set(left_out) & set(kept):
        position = kept.index(option)
        del kept[position : position + 2]
    return shlex.join(["python", "tools/pipeline.py", *kept])


@reports_user_errors
def main() -> int:
    args = parser().parse_args()
    plan = plan_of(args)
    launcher = Launcher(home() / "tools", args.launcher, args.gpus, args.partition)
    steps = steps_of(plan)
    selected = select(steps, args.first, args.last, args.only)
    record = output_file(args.record, "--record") if args.record else None
    pipeline = PipelineRun(steps, plan.work_dir, launcher, plan.jobs)
    if args.dry_run:
        print(dry_run(pipeline, selected, Estimates(plan, pipeline)))
        return 0
    command = _command("--record")
    with advising(f"to continue: {command}"):
        statuses = pipeline.run(selected)
    results = collect(plan, steps, statuses, launcher, command, pipeline.progress.wall_seconds)
    for path in write_reports(results):
        print(f"written: {path}", flush=True)
    if record:
        write_record(results, record, _command("--record", "--work-dir"))  # a folder has no effect on results
    if reason := unfinished(statuses, selected, command):
        raise UserError(reason)
    return 0
