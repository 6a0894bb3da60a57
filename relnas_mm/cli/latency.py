"""Measures a latency table: `python tools/latency.py CONFIG --out FILE.json [--runtime torch|onnxruntime|openvino]`."""

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

import relnas_mm.search.mm_loop  # noqa: F401  (registers)
from relnas_mm.analysis.latency import find_device
from relnas_mm.architectures import load_genotype
from relnas_mm.cli.parser import add_cfg_options, add_config, command_parser
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.latency import LatencyTable
from relnas_mm.latency.graphs import read_timings, write_graphs
from relnas_mm.latency.measure import check_runtime, measure_table, table_from_timings
from relnas_mm.latency.plan import MeasurementPlan, plan_measurement
from relnas_mm.latency.table import RUNTIMES
from relnas_mm.latency.time_graphs import RUNTIMES as GRAPH_RUNTIMES
from relnas_mm.launch import config_with_options
from relnas_mm.onnx_export import require_packages
from relnas_mm.outputs import output_file, output_folder
from relnas_mm.progress import progress_bar
from relnas_mm.provenance import provenance
from relnas_mm.registry import SPACES
from relnas_mm.search.budget import target_shape
from relnas_mm.search.builder import build_part

PUBLISHED = "relativenas"
CHECKED = 50
LEAST_CHECKED = 3
"""Fewest networks of which ranks say anything."""


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Measure each block of the networks of a search once, so that latency of any of them is a sum.",
        "relnas_mm::search/relativenas-latency_shapes_quick.py --runtime onnxruntime --out latency.json",
        "relnas_mm::search/relativenas-latency_shapes_quick.py --export graphs",
        "relnas_mm::search/relativenas-latency_shapes_quick.py --timings graphs/timings.json --out latency.json",
    )
    add_config(command, "config file of a search")
    target = command.add_mutually_exclusive_group(required=True)
    target.add_argument("--out", metavar="FILE", help="the table, a .json file")
    target.add_argument(
        "--export", metavar="FOLDER", help="write ONNX graphs to time on another device, with the script that does it"
    )
    command.add_argument("--timings", metavar="FILE", help="timings.json of another device, instead of measuring here")
    command.add_argument("--runtime", choices=RUNTIMES, help="what computes the networks [torch]")
    command.add_argument("--device", help="device of torch: cpu, cuda or cuda:N [cpu]")
    command.add_argument("--threads", type=int, metavar="N", help="number of threads on CPUs [1]")
    command.add_argument(
        "--check", type=int, default=CHECKED, metavar="N", help=f"random networks to check the table by [{CHECKED}]"
    )
    command.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the random networks [0]")
    add_cfg_options(command, "train_cfg.budget.network.image_size=160")
    return command


def check(args: argparse.Namespace) -> None:
    """Validates the arguments before any work."""
    if args.check and args.check < LEAST_CHECKED:
        raise UserError(f"--check is {args.check}; it must be 0 or at least {LEAST_CHECKED}")
    if args.threads is not None and args.threads < 1:
        raise UserError(f"--threads is {args.threads}; it must be at least 1")
    measured_here = ("--runtime", args.runtime), ("--device", args.device), ("--threads", args.threads)
    for option, value in measured_here if args.timings or args.export else ():
        if value is not None:
            raise UserError(
                f"{option} is given, but {'--timings' if args.timings else '--export'} measures nothing here"
            )
    if args.timings and args.export:
        raise UserError("--timings and --export are given; a table from timings needs --out")
    if args.out:
        if Path(args.out).suffix != ".json":
            raise UserError(f"--out is {args.out!r}; it must end with .json")
        output_file(args.out, "--out")
    else:
        require_packages()
        folder = output_folder(args.export, "--export")
        if any(folder.iterdir()):
            raise UserError(f"--export names {args.export!r}, which is not empty; name a new folder")


def plan_of(config: Any, source: str, checked: int, seed: int) -> MeasurementPlan:
    """What has to be measured for the search of a config.

    Args:
        config: The config of a search.
        source: Its path, for messages.
        checked: Number of random networks to check the table by.
        seed: Seed of the random networks.

    Raises:
        UserError: The config is not that of a search with a budget, or its space has no blocks.
    """
    loop: Any = config.get("train_cfg") or {}
    if loop.get("type") != "SearchLoop" or loop.get("budget") is None:
        raise UserError(
            f"{source!r} is not the config of a search with a budget: train_cfg must be of type 'SearchLoop' and have "
            "budget=dict(network=dict(…)), which says at what size latency is measured"
        )
    shape = target_shape(loop.budget.get("network"))
    return plan_measurement(build_part(SPACES, loop.space), shape, checked, seed)


def summary(table: LatencyTable, plan: MeasurementPlan) -> str:
    """A table in words, with the figures of its check, and the published cell where it is at the plan's size."""
    lines = [f"{len(table.blocks)} blocks; {table.words}"]
    published = load_genotype(PUBLISHED)
    if set(published.blocks(plan.shape)) <= set(table.blocks):
        lines.append(f"the cell {PUBLISHED!r} takes {table.predict(published, plan.shape):.2f} ms at this size")
    if found := table.check:
        lines.append(
            f"{found['networks']} random networks: mean error {100 * found['mean_error']:.1f} %, bias "
            f"{100 * found['bias']:+.1f} %, rank correlation {found['rank_correlation']:.3f}"
        )
    return "\n".join(lines)


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    check(args)
    config = config_with_options(args.config, args.cfg_options)
    plan = plan_of(config, args.config, args.check, args.seed)
    if args.export:
        with progress_bar("graphs", len(plan.blocks) + len(plan.networks)) as advance:
            write_graphs(plan, Path(args.export), advance)
        print(f"run there: python {args.export}/time_graphs.py --runtime {'|'.join(GRAPH_RUNTIMES)}")
        return
    source = provenance(shlex.join(["python", *sys.argv]))
    if args.timings:
        table = table_from_timings(plan, read_timings(plan, Path(args.timings)), source)
    else:
        runtime, device = args.runtime or "torch", find_device(args.device or "cpu")
        check_runtime(runtime, device)
        table = measure_table(plan, runtime, device, args.threads or 1, source)
    table.save(Path(args.out))
    print(f"{summary(table, plan)}\nwritten to {args.out}")
