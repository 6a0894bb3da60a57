"""Converts a checkpoint of RelativeNAS or DARTS: `python tools/convert_checkpoint.py SRC DST [--genotype NAME]`."""

import argparse
from pathlib import Path

from relnas_mm.cli.parser import command_parser
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.models.checkpoints.conversion import TARGETS, Conversion, convert_checkpoint
from relnas_mm.models.checkpoints.output import check_destination, config, report_path, summary, table, write_conversion
from relnas_mm.networks.plan import CELL_STEM_WIDTH
from relnas_mm.outputs import output_file
from relnas_mm.search.inherited import inherit, is_search


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Convert a checkpoint of RelativeNAS, of its transfer tasks or of DARTS for mm configs, or take a cell's "
        "weights from the shared ones of a search.",
        "imagenet_model.pt relativenas_c46l14.pth",
        "https://example.org/darts.pt darts.safetensors --genotype darts_v2",
        "work_dirs/search inherited.pth --stem imagenet",
    )
    command.add_argument("source", metavar="SRC", help="path or URL of the checkpoint, or work_dir of a search")
    command.add_argument("destination", metavar="DST", help="file to write: .safetensors, or .pth for mm")
    command.add_argument(
        "--genotype", help="genotype of its cells: a name of the zoo or a file [inferred from names and shapes]"
    )
    command.add_argument("--to", choices=TARGETS, default="backbone", help="target model [backbone]")
    command.add_argument(
        "--stem", choices=tuple(CELL_STEM_WIDTH), help="of a search: stem of the backbone [cifar, as in the search]"
    )
    command.add_argument("--seed", type=int, help="of a search: seed of the weights that it does not have [0]")
    command.add_argument("--force", action="store_true", help="overwrite DST and its report")
    return command


def convert(args: argparse.Namespace) -> Conversion:
    """Converts a file, or takes weights from a search.

    Raises:
        UserError: The source cannot be converted, or an option is not for this kind of source.
    """
    if not is_search(args.source):
        if args.stem or args.seed is not None:
            raise UserError(f"--stem and --seed are for searches; {args.source!r} is not the work_dir of one")
        return convert_checkpoint(args.source, args.to, args.genotype)
    if args.to != "backbone":
        raise UserError(f"--to {args.to} is for checkpoints; a search gives a backbone")
    return inherit(args.source, args.genotype, args.stem or "cifar", args.seed or 0)


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    check_destination(Path(args.destination), args.source, args.force)
    destination = output_file(args.destination, "the destination")
    conversion = convert(args)
    write_conversion(conversion, destination)
    print(f"{args.source}: {summary(conversion)}\n")
    print(table(conversion), end="\n\n")
    for warning in conversion.warnings:
        print(f"warning: {warning}")
    print(f"written: {destination}, and every weight by name: {report_path(destination)}\n")
    print(config(conversion, destination))
