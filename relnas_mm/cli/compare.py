"""Compares strategies: `python tools/compare.py CONFIG… [--work-dir DIR] [--seeds N] [--workers N] [--record FILE]`."""

import argparse
import os
import shlex
from pathlib import Path
from typing import Any

import relnas_mm.search  # noqa: F401  (registers)
from relnas_mm.cfg_options import format_options
from relnas_mm.cli.parser import add_cfg_options, add_config, command_parser
from relnas_mm.comparison.plan import read_plan
from relnas_mm.comparison.report import REPORT, table_lines, write_report
from relnas_mm.comparison.run import run_comparison
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import json_text, write_atomically
from relnas_mm.interruption import advising
from relnas_mm.launch import config_with_options
from relnas_mm.outputs import output_folder, reserved
from relnas_mm.packaged import config_name


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Run several strategies on the same tasks with the same budget and many seeds, test the "
        "differences for significance, and write a report. Rerun the command to resume an interrupted comparison.",
        "relnas_mm::compare/nasbench201.py --seeds 10 --workers 4",
    )
    add_config(command, "comparison config", nargs="+")
    command.add_argument("--work-dir", type=Path, help="output folder, with a subfolder per config [work_dirs/compare]")
    command.add_argument("--seeds", type=int, help="number of seeds per strategy and task [set by the config]")
    command.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="number of processes [number of cores]"
    )
    command.add_argument("--record", type=Path, help="also write the results to compare_CONFIG.json in this folder")
    add_cfg_options(command, "comparison.budget=300")
    return command


def compare(path: str, args: argparse.Namespace) -> None:
    config = config_with_options(path, args.cfg_options)
    if args.seeds is not None and "comparison" in config:
        config.comparison.seeds = args.seeds
    plan = read_plan(config, path)
    name = config_name(path)
    folder = output_folder((args.work_dir or Path("work_dirs/compare")) / name, "the work_dir")
    print(f"{plan.name}: {len(plan.units)} searches of {plan.budget} candidates, in {folder}", flush=True)
    with reserved(folder):
        records = run_comparison(plan, folder, args.workers, lambda line: print(line, flush=True))
        summary = write_report(plan, records, folder, command_of(path, args))
    print(*table_lines(summary), f"see {folder / REPORT}", sep="\n", flush=True)
    if args.record:
        write_atomically(args.record / f"compare_{name}.json", json_text(without_values(summary), indent=1))


def without_values(summary: Any) -> Any:
    """A summary without the lists of individual values."""
    if isinstance(summary, dict):
        return {key: without_values(value) for key, value in summary.items() if key != "values"}
    return summary


def command_of(path: str, args: argparse.Namespace) -> str:
    """The command without its output options."""
    seeds = [] if args.seeds is None else ["--seeds", str(args.seeds)]
    options = format_options(args.cfg_options or {})
    return shlex.join(["python", "tools/compare.py", path, *seeds, *(["--cfg-options", *options] if options else [])])


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    if args.workers < 1:
        raise UserError(f"--workers is {args.workers}; it must be at least 1")
    if args.record:
        output_folder(args.record, "--record")
    with advising("finished searches are saved, rerun the command to resume"):
        for path in args.config:
            compare(path, args)
