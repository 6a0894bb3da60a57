"""`relnas-mm COMMAND`: each command is a module, which is imported when it is called."""

import importlib
import sys

from relnas_mm.version import __version__

PROGRAM = "relnas-mm"

COMMANDS = {
    "search": ("relnas_mm.cli.search", "search for an architecture"),
    "train": ("relnas_mm.cli.train", "train a model of any mm config"),
    "test": ("relnas_mm.cli.test", "evaluate a checkpoint"),
    "pipeline": ("relnas_mm.cli.pipeline", "search, train, evaluate and report by one command"),
    "transfer": ("relnas_mm.cli.transfer", "put a cell into a new mm config or an existing one"),
    "channels": ("relnas_mm.cli.channels", "list channels and strides of a backbone"),
    "compare": ("relnas_mm.cli.compare", "compare search strategies"),
    "analyze": ("relnas_mm.cli.analyze", "parameters, multiply-adds and latency of a network"),
    "latency": ("relnas_mm.cli.latency", "measure a table from which latency is predicted"),
    "export": ("relnas_mm.cli.export_onnx", "export a network to ONNX"),
    "check-data": ("relnas_mm.cli.check_data", "check the data of a config"),
    "browse": ("relnas_mm.cli.browse_dataset", "draw samples of a data set"),
    "print-config": ("relnas_mm.cli.print_config", "print a config with its bases and options merged"),
    "sample": ("relnas_mm.cli.sample", "sample a random cell, as a baseline"),
    "draw": ("relnas_mm.cli.draw", "draw an architecture"),
    "convert": ("relnas_mm.cli.convert_checkpoint", "convert a published checkpoint, or weights of a search"),
    "make-shapes": ("relnas_mm.cli.make_shapes", "generate data sets of shapes"),
    "run": ("relnas_mm.cli.run", "run a program of an mm package with the compatibility layer"),
    "compat": ("relnas_mm.cli.compat", "start all programs with the compatibility layer"),
    "doctor": ("relnas_mm.cli.doctor", "diagnose the installation"),
    "completion": ("relnas_mm.cli.completion", "print a completion script for a shell"),
}
"""Module and one line of help of each command."""


def usage() -> str:
    """The text of `relnas-mm --help`."""
    lines = [f"usage: {PROGRAM} COMMAND [ARGUMENTS], {PROGRAM} COMMAND --help", "", "commands:"]
    lines += [f"  {name:14s}{text}" for name, (_, text) in COMMANDS.items()]
    example = f"{PROGRAM} pipeline relnas_mm::pipeline/quickstart.py"
    return "\n".join([*lines, "", "examples:", f"  {example}", f"  {PROGRAM} doctor"])


def main() -> None:
    """Runs the command that the command line names."""
    words = sys.argv[1:]
    if not words or words[0] in ("-h", "--help"):
        print(usage())
        sys.exit(0 if words else 2)
    if words[0] in ("-V", "--version"):
        print(f"relnas_mm {__version__}")
        sys.exit(0)
    if words[0] not in COMMANDS:
        print(f"error: {PROGRAM} has no command {words[0]!r}; it has {', '.join(COMMANDS)}", file=sys.stderr)
        sys.exit(2)
    sys.argv = [f"{PROGRAM} {words[0]}", *words[1:]]  # argparse takes the name of the program from it
    importlib.import_module(COMMANDS[words[0]][0]).main()
