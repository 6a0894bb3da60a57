"""Diagnoses the installation: `relnas-mm doctor [--json]`."""

import argparse
import json
import sys

from relnas_mm.cli.parser import command_parser
from relnas_mm.doctor.examine import examine
from relnas_mm.doctor.table import as_text
from relnas_mm.errors import reports_user_errors


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser("Check the installed packages and the machine.", "", "--json --folder runs")
    command.add_argument("--json", action="store_true", help="print facts and problems as JSON")
    command.add_argument("--folder", help="output folder of runs [the current folder]")
    return command


@reports_user_errors
def main() -> int:
    """Prints the report; returns 1 if the main job cannot run, else 0."""
    arguments = parser().parse_args()
    if not arguments.json:
        print("Importing every package in a child process …", file=sys.stderr)
    report = examine(arguments.folder)
    print(json.dumps(report.as_json(), indent=2) if arguments.json else as_text(report))
    return 0 if report.ok else 1
