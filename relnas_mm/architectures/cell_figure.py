"""Pictures of cells by matplotlib and TikZ, in the same layout."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from relnas_mm.architectures.cell_layout import FONT, CellLayout, Circle, cell_layout
from relnas_mm.architectures.drawing import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from relnas_mm.architectures.genotype import Genotype

DARK = ("sep_conv_7x7",)
"""Operations whose colour needs white text."""

_TITLE, _SPACE = 22.0, 30.0  # height of a title, space between cells, in points
_CELLS = ("normal cell", "reduction cell")


def layouts_of(genotype: "Genotype") -> tuple[CellLayout, CellLayout]:
    """Layouts of the normal and of the reduction cell."""
    first, second = (cell_layout(genotype.edges(kind), genotype.output_nodes(kind)) for kind in (False, True))
    return first, second


def cells_figure(*genotypes: "Genotype", titles: Sequence[str] = ()) -> "Figure":
    """Draws the normal cell of each genotype on the left, and the reduction cell on the right.

    Args:
        *genotypes: One row each.
        titles: Name of each row.
    """
    from matplotlib.figure import Figure

    rows = [layouts_of(genotype) for genotype in genotypes]
    left = max(row[0].width for row in rows)
    width = left + _SPACE + max(row[1].width for row in rows)
    heights = [_TITLE + max(layout.height for layout in row) for row in rows]
    total = sum(heights)
    figure = Figure(figsize=(width / 72, total / 72))
    top = total
    for index, (row, height) in enumerate(zip(rows, heights)):
        for layout, x, name in zip(row, (0.0, left + _SPACE), _CELLS):
            bottom = top - _TITLE - layout.height
            axis = figure.add_axes((x / width, bottom / total, layout.width / width, layout.height / total))
            _draw(axis, layout)
            title = f"{titles[index]}: {name}" if index < len(titles) else name
            figure.text(x / width + 0.005, (top - 15) / total, title, fontsize=FONT + 1)
        top -= height
    return figure


def cell_figure(genotype: "Genotype", reduction: bool) -> "Figure":
    """Draws the reduction or the normal cell of a genotype alone, without a title."""
    from matplotlib.figure import Figure

    layout = layouts_of(genotype)[reduction]
    figure = Figure(figsize=(layout.width / 72, layout.height / 72))
    _draw(figure.add_axes((0, 0, 1, 1)), layout)
    return figure


def _draw(axis: "Axes", layout: CellLayout) -> None:
    from matplotlib.patches import Circle as Disc
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

    axis.set(xlim=(0, layout.width), ylim=(layout.height, 0))
    axis.set_axis_off()
    for line in layout.lines:
        arrow = FancyArrowPatch(line.start, line.end, arrowstyle="-|>" if line.head else "-", shrinkA=0, shrinkB=0)
        arrow.set(color="#bbbbbb" if line.to_output else "#666666", lw=0.9, mutation_scale=8, zorder=1)
        axis.add_patch(arrow)
    for box in layout.boxes:
        corner = (box.x - box.width / 2, box.y - box.height / 2)
        shape = "round,pad=0,rounding_size=3"
        axis.add_patch(
            FancyBboxPatch(
                corner, box.width, box.height, boxstyle=shape, fc=COLOURS[box.operation], ec="#555555", lw=0.7, zorder=3
            )
        )
        ink = "#ffffff" if box.operation in DARK else "#222222"
        axis.text(box.x, box.y, box.label, ha="center", va="center", fontsize=FONT, color=ink, zorder=4)
    for circle in layout.circles:
        fill = "#fff3c4" if circle.outer else "#ffffff"
        axis.add_patch(Disc((circle.x, circle.y), circle.radius, fc=fill, ec="#555555", lw=0.8, zorder=3))
        axis.text(circle.x, circle.y, circle.label, ha="center", va="center", fontsize=FONT, zorder=4)


def cells_tikz(*genotypes: "Genotype", titles: Sequence[str] = ()) -> str:
    r"""The same picture as a `tikzpicture` for LaTeX, with `\usepackage{tikz}` and the library `arrows.meta`."""
    used = {operation for genotype in genotypes for operation, _ in (*genotype.normal, *genotype.reduce)}
    lines = [r"\usetikzlibrary{arrows.meta}  % in the preamble", r"\begin{tikzpicture}[x=1pt,y=-1pt,font=\scriptsize]"]
    lines += [
        rf"\definecolor{{{_colour_name(operation)}}}{{HTML}}{{{COLOURS[operation][1:].upper()}}}"
        for operation in sorted(used)
    ]
    top = 0.0
    for index, genotype in enumerate(genotypes):
        row = layouts_of(genotype)
        x = 0.0
        for layout, name in zip(row, _CELLS):
            title = f"{titles[index]}: {name}" if index < len(titles) else name
            lines.append(rf"\begin{{scope}}[shift={{({x:.1f},{top + _TITLE:.1f})}}]")
            lines += [
                rf"\node[anchor=south west] at (0,0) {{{_escaped(title)}}};",
                *_tikz_parts(layout),
                r"\end{scope}",
            ]
            x += layout.width + _SPACE
        top += _TITLE + max(layout.height for layout in row)
    return "\n".join([*lines, r"\end{tikzpicture}", ""])


def _tikz_parts(layout: CellLayout) -> list[str]:
    lines = []
    for line in layout.lines:
        options = ("-{Latex}," if line.head else "") + ("black!30" if line.to_output else "black!65")
        lines.append(
            rf"\draw[{options}] ({line.start[0]:.1f},{line.start[1]:.1f}) -- ({line.end[0]:.1f},{line.end[1]:.1f});"
        )
    for box in layout.boxes:
        size = f"minimum width={box.width:.1f}pt,minimum height={box.height:.1f}pt,inner sep=0"
        ink = "white" if box.operation in DARK else "black"
        style = f"draw=black!65,rounded corners=3pt,fill={_colour_name(box.operation)},text={ink},{size}"
        lines.append(rf"\node[{style}] at ({box.x:.1f},{box.y:.1f}) {{{_escaped(box.label)}}};")
    return [*lines, *(_tikz_circle(circle) for circle in layout.circles)]


def _tikz_circle(circle: Circle) -> str:
    fill = "yellow!20" if circle.outer else "white"
    style = f"circle,draw=black!65,fill={fill},inner sep=0,minimum size={2 * circle.radius:.1f}pt"
    return rf"\node[{style}] at ({circle.x:.1f},{circle.y:.1f}) {{{circle.label}}};"


def _colour_name(operation: str) -> str:
    return "op" + operation.replace("_", "")


def _escaped(text: str) -> str:
    return text.replace("_", r"\_")
