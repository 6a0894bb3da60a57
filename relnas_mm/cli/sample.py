"""Samples a random cell: `python tools/sample.py OUT.json [--seed N] [--like GENOTYPE]`."""

import argparse
from pathlib import Path

from relnas_mm.architectures import load_genotype, save_genotype
from relnas_mm.cli.parser import command_parser
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.outputs import output_file
from relnas_mm.search.sampling import TOLERANCE, sample_like
from relnas_mm.seeding import check_seed


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Sample a random cell of the search space of RelativeNAS, a baseline for a cell that was searched.",
        "random.json --seed 1",
        "random.json --like work_dirs/search/genotype.json --tolerance 0.02",
    )
    command.add_argument("out", metavar="OUT", help="file to write, .json")
    command.add_argument("--seed", type=int, default=0, help="equal seeds give equal cells [0]")
    command.add_argument(
        "--like", metavar="GENOTYPE", help="name or file of a genotype whose parameters and multiply-adds it shall have"
    )
    command.add_argument(
        "--tolerance", type=float, default=TOLERANCE, help=f"largest relative difference from --like [{TOLERANCE}]"
    )
    return command


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    check_seed(args.seed, "--seed")
    if not args.out.endswith(".json"):
        raise UserError(f"the output is {args.out!r}; it must end with .json")
    like = load_genotype(args.like) if args.like else None
    out = output_file(args.out, "the output")
    genotype, cost, tried = sample_like(like, args.seed, args.tolerance)
    save_genotype(genotype, Path(out))
    network = f"{cost['params']:,} parameters and {cost['macs'] / 1e6:,.1f} M multiply-adds in the CIFAR-10 network"
    print(f"{out}: cell {genotype.hash[:16]}, {network}, the {tried}. of the samples")
