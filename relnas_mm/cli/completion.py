"""Prints a completion script, made by shtab: `relnas-mm completion bash`."""

import argparse
import importlib

from relnas_mm.cli.main import COMMANDS, PROGRAM
from relnas_mm.cli.parser import command_parser
from relnas_mm.compat import require
from relnas_mm.errors import reports_user_errors

SHELLS = ("bash", "zsh", "tcsh")


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Print a completion script for a shell.",
        "bash > ~/.local/share/bash-completion/completions/relnas-mm",
        'zsh > "${fpath[1]}/_relnas-mm"',
    )
    command.add_argument("shell", choices=SHELLS)
    return command


def whole_parser() -> argparse.ArgumentParser:
    """One parser with all commands as subcommands."""
    whole = argparse.ArgumentParser(prog=PROGRAM)
    commands = whole.add_subparsers(dest="command")
    for name, (module, text) in COMMANDS.items():
        parent = importlib.import_module(module).parser()
        commands.add_parser(name, help=text, parents=[parent], add_help=False)
    return whole


@reports_user_errors
def main() -> None:
    shell = parser().parse_args().shell
    shtab = require("shtab", "completion scripts")
    print(shtab.complete(whole_parser(), shell=shell))
