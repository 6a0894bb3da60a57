"""Measures a network: `python tools/analyze.py CONFIG [--shape H W] [--batch N …] [--out FILE.json|.md]`."""

import argparse
import shlex
import sys
from pathlib import Path

from relnas_mm.analysis.analyze import analyze
from relnas_mm.analysis.input_shape import config_shape, given_shape
from relnas_mm.analysis.latency import find_device
from relnas_mm.cli.parser import add_cfg_options, add_config, command_parser
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import json_text, write_atomically
from relnas_mm.inference import RUNTIMES, Deployment
from relnas_mm.launch import config_with_options
from relnas_mm.outputs import output_file

ENDINGS = (".json", ".md")


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Parameters, multiply-adds and measured latency of the network of any mm config, part by part.",
        "configs/ssd/ssd300_relativenas_120e_voc0712.py --batch 1 8",
        "relnas_mm::simple_baseline/td-hm_relativenas_1xb128-140e_coco-256x192.py --deploy --out cost.md",
    )
    add_config(command)
    command.add_argument(
        "--shape", type=int, nargs=2, metavar=("H", "W"), help="image size [what the config's test pipeline gives]"
    )
    command.add_argument(
        "--batch", type=int, nargs="+", default=[1], metavar="N", help="batch sizes of the latency [1]"
    )
    command.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N [cpu]")
    command.add_argument(
        "--repeats", type=int, default=30, metavar="N", help="timed passes; 0 measures no latency [30]"
    )
    command.add_argument("--checkpoint", help="weights; they affect the number of proposals of two-stage detectors")
    command.add_argument(
        "--deploy",
        choices=RUNTIMES,
        nargs="?",
        const="torch",
        help="also measure the network with a fused backbone, run by torch or onnxruntime [torch]",
    )
    command.add_argument("--compile", action="store_true", help="with --deploy: use torch.compile, which takes a while")
    command.add_argument("--out", metavar="FILE", help="write the result to this .json or .md file as well")
    add_cfg_options(command, "model.backbone.genotype=genotype.json")
    return command


def check(args: argparse.Namespace) -> None:
    """Validates the arguments before any expensive work."""
    if min(args.batch) < 1:
        raise UserError(f"--batch is {min(args.batch)}; batch sizes must be positive")
    if args.repeats < 0 or args.repeats == 1:
        raise UserError(f"--repeats is {args.repeats}; it must be 0 or at least 2")
    if args.compile and not args.deploy:
        raise UserError("--compile is given without --deploy, which it needs")
    if args.deploy and not args.repeats:
        raise UserError("--deploy with --repeats 0 would measure nothing")
    if args.checkpoint and not Path(args.checkpoint).is_file() and "://" not in args.checkpoint:
        raise UserError(f"the checkpoint {args.checkpoint!r} does not exist")
    if args.out:
        out = Path(args.out)
        if out.suffix not in ENDINGS:
            raise UserError(f"--out is {args.out!r}; it must end with {' or '.join(ENDINGS)}")
        output_file(args.out, "--out")


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    check(args)
    device = find_device(args.device)
    config = config_with_options(args.config, args.cfg_options)
    shape = given_shape(*args.shape) if args.shape else config_shape(config, args.config)
    analysis = analyze(
        *(config, args.config, shape, device, args.checkpoint, args.batch, args.repeats),
        command=shlex.join(["python", *sys.argv]),
        notify=lambda message: print(f"… {message}", file=sys.stderr, flush=True),
        deploy=Deployment(args.deploy, args.compile) if args.deploy else None,
    )
    page = analysis.as_markdown()
    print(page, end="")
    if args.out:
        out = Path(args.out)
        write_atomically(out, page if out.suffix == ".md" else json_text(analysis.as_dict()))
        print(f"… written to {out}", file=sys.stderr)
