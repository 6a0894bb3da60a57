"""Starts all programs of an environment with the compatibility layer: `relnas-mm compat install|remove|status`."""

import argparse

from relnas_mm.cli.parser import command_parser
from relnas_mm.compat.environment import install, remove, site_packages, status
from relnas_mm.errors import reports_user_errors


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Install, remove or show a .pth file that starts the compatibility layer with every program of this "
        "environment. It only waits: nothing is imported before the program imports an mm package or torch. "
        "RELNAS_MM_COMPAT=0 turns it off for one program.",
        "install",
        "status",
    )
    command.add_argument("action", choices=("install", "remove", "status"))
    return command


@reports_user_errors
def main() -> None:
    action, folder = parser().parse_args().action, site_packages()
    if action == "install":
        print(f"on: {install(folder)}")
    elif action == "remove":
        print(f"off: removed from {folder}" if remove(folder) else f"off: there was nothing in {folder}")
    else:
        print(f"{status(folder)}: {folder}")
