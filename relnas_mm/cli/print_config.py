"""Prints a complete config: `python tools/print_config.py CONFIG [--out FILE.py] [--cfg-options KEY=VALUE …]`."""

import argparse
from pathlib import Path

from relnas_mm.cli.parser import add_cfg_options, add_config, command_parser
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import write_atomically
from relnas_mm.launch import config_with_options
from relnas_mm.outputs import output_file


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Print a config with its bases and options merged.",
        "relnas_mm::ssd/ssd300_relativenas_120e_voc0712.py",
        "my_config.py --cfg-options model.backbone.num_cells=20 --out whole.py",
    )
    add_config(command)
    command.add_argument("--out", metavar="FILE.py", help="write it to this file instead")
    add_cfg_options(command, "model.backbone.genotype=genotype.json")
    return command


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    if args.out and Path(args.out).suffix != ".py":
        raise UserError(f"--out is {args.out!r}; it must end with .py")
    out = output_file(args.out, "--out") if args.out else None
    config = config_with_options(args.config, args.cfg_options)
    if out:
        write_atomically(out, config.pretty_text)
    else:
        print(config.pretty_text, end="")
