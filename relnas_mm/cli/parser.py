"""Argument parsers of commands."""

import argparse
import textwrap
from collections.abc import Sequence
from typing import Any

from relnas_mm.cfg_options import CfgOptions

LAUNCHERS = ("none", "pytorch", "slurm", "mpi")
WIDTH = 100


def command_parser(description: str, *examples: str) -> argparse.ArgumentParser:
    """Creates the parser of a command.

    Args:
        description: What the command does.
        *examples: Arguments of calls that work, shown at the end of its help.
    """
    parser = argparse.ArgumentParser(
        description=textwrap.fill(description, WIDTH), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if examples:
        parser.epilog = "\n".join(["examples:", *(f"  {parser.prog} {example}".rstrip() for example in examples)])
    return parser


def add_config(parser: argparse.ArgumentParser, what: str = "config file", **options: Any) -> None:
    """Adds the argument `config`.

    Args:
        parser: Changed in place.
        what: Noun for its help.
        **options: Further options of the argument.
    """
    parser.add_argument("config", help=f"{what}, or PACKAGE::PATH of one that comes with a package", **options)


def add_cfg_options(parser: argparse.ArgumentParser, example: str) -> None:
    """Adds mm's `--cfg-options`, with an example in its help."""
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=CfgOptions,
        metavar="KEY=VALUE",
        help=f"override settings of the config, e.g. {example}",
    )


def runner_parser(description: str, *examples: str, launchers: Sequence[str] = LAUNCHERS) -> argparse.ArgumentParser:
    """Creates a parser with the common arguments of mm tools; each command adds its own.

    Args:
        description: What the command does.
        *examples: Arguments of calls that work, shown at the end of its help.
        launchers: Allowed values of `--launcher`.
    """
    parser = command_parser(description, *examples)
    add_config(parser)
    parser.add_argument("--work-dir", help="folder for logs, checkpoints and results [work_dirs/CONFIG_NAME]")
    add_cfg_options(parser, 'model.backbone.genotype=genotype.json key="[a,b]"')
    parser.add_argument("--launcher", choices=launchers, default="none", help="job launcher [none]")
    parser.add_argument("--local_rank", "--local-rank", type=int, default=0, help=argparse.SUPPRESS)
    return parser
