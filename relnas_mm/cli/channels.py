"""Outputs of a backbone: `relnas-mm channels GENOTYPE [--init-channels N] [--num-cells N] [--output-stride N]`."""

import argparse

from relnas_mm.cli.parser import command_parser
from relnas_mm.errors import reports_user_errors
from relnas_mm.transfer.cell import INIT_CHANNELS, NUM_CELLS, OUTPUT_STRIDES, choose_cell
from relnas_mm.transfer.channels import channels_table

NOTE = """

in_channels of a neck or head is the list of the channels that it reads; heads that concatenate them read the sum.
"""


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "out_indices, channels and strides of CellBackbone or ChainBackbone, without a forward pass.",
        "relativenas",
        "work_dirs/search/genotype.json --init-channels 16 --num-cells 6",
        "darts_v2 --output-stride 8",
    )
    command.epilog = f"{command.epilog}{NOTE}"
    command.add_argument("genotype", help="published name, or path of a genotype or chain file")
    add_sizes(command)
    command.add_argument(
        "--output-stride", type=int, choices=OUTPUT_STRIDES, default=OUTPUT_STRIDES[-1], help="largest stride [32]"
    )
    return command


def add_sizes(parser: argparse.ArgumentParser) -> None:
    """Adds the size of the network; chains have their own.

    Args:
        parser: Changed in place.
    """
    parser.add_argument("--init-channels", type=int, metavar="N", help=f"channels of the first cell [{INIT_CHANNELS}]")
    parser.add_argument("--num-cells", type=int, metavar="N", help=f"depth [{NUM_CELLS}]")


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    cell = choose_cell(args.genotype, args.init_channels, args.num_cells)
    print(channels_table(cell, args.output_stride), end="")
