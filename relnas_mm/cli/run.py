"""Runs a program of an mm package with the compatibility layer: `relnas-mm run PROGRAM [ARGUMENTS]`."""

import argparse
import os

from relnas_mm.cli.parser import command_parser
from relnas_mm.compat.environment import environment_of_programs
from relnas_mm.compat.programs import program_command
from relnas_mm.errors import reports_user_errors


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Run a program of an mm package, a script, a module or an installed command so that the compatibility layer is "
        "there before it imports anything, also in its child processes.",
        "mmdet test my_config.py epoch_12.pth",
        "mmseg get_flops my_config.py --shape 512 1024",
        "my_script.py --with-an-option",
        "mim test mmdet my_config.py --checkpoint epoch_12.pth",
    )
    command.add_argument(
        "program",
        nargs=argparse.REMAINDER,
        metavar="PACKAGE PROGRAM | SCRIPT.py | -m MODULE | COMMAND",
        help="what to run, followed by its arguments",
    )
    return command


@reports_user_errors
def main() -> None:
    command = parser()
    words = command.parse_args().program
    if not words:
        command.error("name a program")
    program = program_command(words)
    os.execve(program[0], program, environment_of_programs())
