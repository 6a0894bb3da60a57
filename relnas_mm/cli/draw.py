"""Draws an architecture: `relnas-mm draw ARCHITECTURE [--out cells.svg]`."""

import argparse
from pathlib import Path

from relnas_mm.architectures import load_architecture
from relnas_mm.cli.parser import command_parser
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.outputs import output_file

ENDINGS = (".svg", ".png")


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Draw the cells of a genotype, or the layers of a chain.",
        "relativenas",
        "work_dirs/quickstart/search/genotype.json --out cells.png",
    )
    command.add_argument("architecture", help="a published name, a JSON file, or Genotype(…) as DARTS prints it")
    command.add_argument("--out", default="cells.svg", metavar="FILE", help="the picture, .svg or .png [%(default)s]")
    return command


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    if Path(args.out).suffix not in ENDINGS:
        raise UserError(f"--out is {args.out!r}; it must end with {' or '.join(ENDINGS)}")
    architecture = load_architecture(args.architecture)
    print(architecture.draw(output_file(args.out, "--out")))
