"""Converts a checkpoint of RelativeNAS or DARTS: `python tools/convert_checkpoint.py SRC DST [--genotype NAME]`."""

import argparse
from pathlib import Path

from relnas_mm.cli.parser import command_parser
from relnas_mm.errors import reports_user_errors
from relnas_mm.models.checkpoints.conversion import TARGETS, convert_checkpoint
from relnas_mm.models.checkpoints.output import check_destination, config, report_path, summary, table, write_conversion
from relnas_mm.outputs import output_file


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Convert a checkpoint of RelativeNAS, of its transfer tasks or of DARTS for use in mm configs.",
        "imagenet_model.pt relativenas_c46l14.pth",
        "https://example.org/darts.pt darts.safetensors --genotype darts_v2",
    )
    command.add_argument("source", metavar="SRC", help="path or URL of the checkpoint")
    command.add_argument("destination", metavar="DST", help="file to write: .safetensors, or .pth for mm")
    command.add_argument(
        "--genotype", help="genotype of its cells: a name of the zoo or a file [inferred from names and shapes]"
    )
    command.add_argument("--to", choices=TARGETS, default="backbone", help="target model [backbone]")
    command.add_argument("--force", action="store_true", help="overwrite DST and its report")
    return command


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    check_destination(Path(args.destination), args.source, args.force)
    destination = output_file(args.destination, "the destination")
    conversion = convert_checkpoint(args.source, args.to, args.genotype)
    write_conversion(conversion, destination)
    print(f"{args.source}: {summary(conversion)}\n")
    print(table(conversion), end="\n\n")
    for warning in conversion.warnings:
        print(f"warning: {warning}")
    print(f"written: {destination}, and every weight by name: {report_path(destination)}\n")
    print(config(conversion, destination))
