"""Generates the shapes data sets, one folder per layout: ROOT/voc, ROOT/cifar10, …"""

import argparse
import time
from pathlib import Path

from relnas_mm.cli.parser import command_parser
from relnas_mm.datasets.shapes import DEFAULT_DIFFICULTY, LAYOUTS, generate_shapes
from relnas_mm.datasets.shapes.contact_sheet import contact_sheet, save_small
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.outputs import output_folder


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Generate the shapes data sets, one folder per layout: ROOT/voc, ROOT/cifar10, …",
        "data/shapes",
        "data/shapes --layout voc --splits train=2000 val=200 test=200 --image-size 160",
    )
    command.add_argument("root", type=Path, help="output folder, with a subfolder per layout")
    command.add_argument(
        "--layout", nargs="+", default=list(LAYOUTS), metavar="NAME", help=f"layouts, of {', '.join(LAYOUTS)} [all]"
    )
    command.add_argument(
        "--splits", nargs="+", metavar="NAME=COUNT", help="number of images per split, e.g. train=400 val=100"
    )
    command.add_argument("--seed", type=int, default=0)
    command.add_argument(
        "--image-size", nargs="+", type=int, metavar="PIXELS", help="side, or width and height; fixed for cifar10"
    )
    command.add_argument(
        "--difficulty", type=float, default=DEFAULT_DIFFICULTY, help=f"from 0 (easy) to 1 (hard) [{DEFAULT_DIFFICULTY}]"
    )
    command.add_argument("--contact-sheet", type=Path, metavar="FOLDER", help="also save a contact sheet per layout")
    return command


def read_splits(texts: list[str], layouts: list[str]) -> dict[str, int]:
    """Parses `NAME=COUNT`; each split must belong to one of the layouts."""
    known = {split for layout in layouts for split in LAYOUTS[layout].splits}
    splits = {}
    for text in texts:
        name, _, count = text.partition("=")
        if name not in known or not count.isdecimal():
            raise UserError(f"--splits {text!r} must be NAME=COUNT with a name of {', '.join(sorted(known))}")
        splits[name] = int(count)
    return splits


@reports_user_errors
def main() -> None:
    """Generates the layouts; complete folders with the same parameters are reused."""
    args = parser().parse_args()
    for layout in args.layout:
        if layout not in LAYOUTS:
            raise UserError(f"--layout {layout!r} is unknown; choose from {', '.join(LAYOUTS)}")
    wanted = read_splits(args.splits or [], args.layout)
    if args.image_size and len(args.image_size) > 2:
        raise UserError(f"--image-size {args.image_size} must be one side or a width and a height")
    size = tuple(args.image_size * 2)[:2] if args.image_size else None
    if args.contact_sheet:
        output_folder(args.contact_sheet, "--contact-sheet")
    for layout in args.layout:
        # each layout takes the splits that it has; cifar10 has no val
        splits = {name: count for name, count in wanted.items() if name in LAYOUTS[layout].splits} or None
        layout_size = None if LAYOUTS[layout].fixed_size and len(args.layout) > 1 else size
        start = time.monotonic()
        folder = generate_shapes(args.root / layout, layout, splits, args.seed, layout_size, args.difficulty)
        print(f"{layout}: {folder} ({time.monotonic() - start:.1f} s)")
        if args.contact_sheet:
            sheet = contact_sheet(layout, args.seed, layout_size, args.difficulty)
            save_small(sheet, args.contact_sheet / f"shapes_{layout}.png")
