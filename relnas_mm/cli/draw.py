"""Draws architectures: `relnas-mm draw ARCHITECTURE … [--out cells.svg]`."""

import argparse
from pathlib import Path

from relnas_mm.architectures import Genotype, load_architecture
from relnas_mm.architectures.cell_figure import cells_figure, cells_tikz
from relnas_mm.architectures.drawing import write_picture
from relnas_mm.cli.parser import command_parser
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import write_atomically
from relnas_mm.outputs import output_file

ENDINGS = (".svg", ".png", ".tex")


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Draw the cells of genotypes, below each other, or the layers of a chain.",
        "relativenas",
        "work_dirs/quickstart/search/genotype.json relativenas --out compared.png",
        "genotype.json --out cells.tex",
    )
    command.add_argument(
        "architecture", nargs="+", help="a published name, a JSON file, or Genotype(…) as DARTS prints it"
    )
    command.add_argument(
        "--out", default="cells.svg", metavar="FILE", help="the picture: .svg, .png, or .tex for TikZ [%(default)s]"
    )
    return command


def draw(names: list[str], out: Path) -> None:
    """Draws architectures into a file.

    Raises:
        UserError: One is unknown, or is no genotype while it must be one.
    """
    found = [load_architecture(name) for name in names]
    if len(found) == 1 and out.suffix != ".tex":
        found[0].draw(out)
        return
    genotypes = [architecture for architecture in found if isinstance(architecture, Genotype)]
    if len(genotypes) < len(found):
        raise UserError("only genotypes are drawn together or as TikZ; draw a chain alone, as .svg or .png")
    titles = [name if len(name) <= 40 else f"…{name[-39:]}" for name in names] if len(names) > 1 else []
    if out.suffix == ".tex":
        write_atomically(out, cells_tikz(*genotypes, titles=titles))
    else:
        write_picture(cells_figure(*genotypes, titles=titles), out, "".join(g.hash for g in genotypes))


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    if Path(args.out).suffix not in ENDINGS:
        raise UserError(f"--out is {args.out!r}; it must end with {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    out = output_file(args.out, "--out")
    draw(args.architecture, out)
    print(out)
