"""Converts a checkpoint of RelativeNAS or DARTS: `python tools/convert_checkpoint.py SRC DST [--genotype NAME]`."""

import argparse
from pathlib import Path

from relnas_mm.errors import reports_user_errors
from relnas_mm.models.checkpoints.conversion import TARGETS, convert_checkpoint
from relnas_mm.models.checkpoints.output import check_destination, config, report_path, summary, table, write_conversion
from relnas_mm.outputs import output_file


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Convert a checkpoint of RelativeNAS, of its transfer tasks or of DARTS for use in mm configs."
    )
    parser.add_argument("source", metavar="SRC", help="path or URL of the checkpoint")
    parser.add_argument("destination", metavar="DST", help="file to write: .safetensors, or .pth for mm")
    parser.add_argument(
        "--genotype", help="genotype of its cells: a name of the zoo or a file [inferred from names and shapes]"
    )
    parser.add_argument("--to", choices=TARGETS, default="backbone", help="target model [backbone]")
    parser.add_argument("--force", action="store_true", help="overwrite DST and its report")
    return parser.parse_args()


@reports_user_errors
def main() -> None:
    args = parse_args()
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


if __name__ == "__main__":
    main()
