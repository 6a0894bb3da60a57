"""Pictures of architectures as SVG or PNG, by matplotlib alone."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relnas_mm.errors import UserError
from relnas_mm.networks.chain_plan import plan_chain
from relnas_mm.networks.plan import EDGES_PER_NODE, FIRST_NODE, Edge

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from relnas_mm.architectures.chain import Chain
    from relnas_mm.architectures.genotype import Genotype

COLOURS = {
    "max_pool_3x3": "#f4a582",
    "avg_pool_3x3": "#fddbc7",
    "skip_connect": "#d9d9d9",
    "sep_conv_3x3": "#92c5de",
    "sep_conv_5x5": "#4393c3",
    "sep_conv_7x7": "#2166ac",
    "dil_conv_3x3": "#a6dba0",
    "dil_conv_5x5": "#5aae61",
    "conv_7x1_1x7": "#c2a5cf",
    "none": "#ffffff",
}
CHAIN_COLOURS = {"sep_conv": COLOURS["sep_conv_3x3"], "conv": COLOURS["max_pool_3x3"]}
INPUT_LABELS = ("$c_{k-2}$", "$c_{k-1}$")
_COLUMN = 3.0  # horizontal distance between levels of depth, in data units
_ROW = 1.5  # vertical distance between intermediate nodes
_BOX = (1.25, 0.46)  # width and height of an operation's box


def cells_figure(genotype: "Genotype", title: str = "") -> "Figure":
    """Draws the normal cell on the left and the reduction cell on the right.

    Args:
        genotype: The cells.
        title: Title of the figure.
    """
    from matplotlib.figure import Figure

    rows = max(len(genotype.normal), len(genotype.reduce)) // EDGES_PER_NODE
    figure = Figure(figsize=(15, 1.0 + 1.05 * rows), layout="constrained")
    axes = figure.subplots(1, 2)
    for axis, reduction in zip(axes, (False, True)):
        _draw_cell(axis, genotype.edges(reduction), genotype.output_nodes(reduction))
        axis.set_title("reduction cell" if reduction else "normal cell", fontsize=13)
    if title:
        figure.suptitle(title, fontsize=14)
    return figure


def chain_figure(chain: "Chain") -> "Figure":
    """Draws the layers as bars from left to right: height is the number of channels, colour the operation."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    plans = plan_chain(chain)
    figure = Figure(figsize=(max(6.0, 0.32 * len(plans) + 2.0), 3.2), layout="constrained")
    axis = figure.subplots()
    for index, plan in enumerate(plans):
        axis.bar(index, plan.outputs, width=0.86, color=CHAIN_COLOURS[plan.operation], edgecolor="#555555", lw=0.8)
        axis.text(index, plan.outputs / 2, str(plan.kernel), ha="center", va="center", fontsize=8)
    axis.set(xlabel="layer (number: kernel size)", ylabel="channels", title=str(chain))
    axis.spines[["top", "right"]].set_visible(False)
    used = [operation for operation in CHAIN_COLOURS if operation in {plan.operation for plan in plans}]
    handles = [Patch(fc=CHAIN_COLOURS[operation], ec="#555555", label=operation) for operation in used]
    axis.legend(handles=handles, frameon=False, loc="upper left")
    return figure


def write_picture(figure: "Figure", path: "str | os.PathLike[str]", salt: str) -> Path:
    """Writes a figure reproducibly: the same figure and salt give the same bytes.

    Args:
        figure: The figure.
        path: A `.svg` or `.png` file; its folder is created if missing.
        salt: Seed of the element ids of an SVG.

    Raises:
        UserError: The suffix is unknown, or the file cannot be written.
    """
    from matplotlib import rc_context

    path = Path(path)
    if path.suffix not in (".svg", ".png"):
        raise UserError(f"the picture {str(path)!r} ends in {path.suffix!r}; allowed are '.svg' and '.png'")
    metadata: dict[str, Any] = {"Date": None} if path.suffix == ".svg" else {}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with rc_context({"svg.hashsalt": salt}):
            figure.savefig(path, dpi=110, metadata=metadata)
    except OSError as error:
        raise UserError(f"the picture {str(path)!r} cannot be written: {error.strerror or error}") from None
    return path


def _depths(cell: tuple[Edge, ...]) -> list[int]:
    """Longest path from the inputs to each node, inputs first."""
    depths = [0] * FIRST_NODE
    for start in range(0, len(cell), EDGES_PER_NODE):
        depths.append(1 + max(depths[node] for _, node in cell[start : start + EDGES_PER_NODE]))
    return depths


def _draw_cell(axis: "Axes", cell: tuple[Edge, ...], concat: tuple[int, ...]) -> None:
    depths = _depths(cell)
    rows = len(depths) - FIRST_NODE
    centers = {0: (0.0, -0.25 * (rows - 1) * _ROW), 1: (0.0, -0.75 * (rows - 1) * _ROW)}
    for row, depth in enumerate(depths[FIRST_NODE:]):
        centers[row + FIRST_NODE] = (depth * _COLUMN, -row * _ROW)
    output = ((max(depths) + 0.55) * _COLUMN, -0.5 * (rows - 1) * _ROW)

    for index, (operation, source) in enumerate(cell):
        target = centers[index // EDGES_PER_NODE + FIRST_NODE]
        side = 1 if index % EDGES_PER_NODE == 0 else -1
        middle = (target[0] - 0.42 * _COLUMN, target[1] + side * 0.2 * _ROW)
        _arrow(axis, centers[source], (middle[0] - _BOX[0] / 2, middle[1]), bend=0.08 * side, head=False)
        _arrow(axis, (middle[0] + _BOX[0] / 2, middle[1]), target)
        _operation_box(axis, middle, operation)
    for node in concat:
        _arrow(axis, centers[node], output, colour="#bbbbbb")
    for node, center in centers.items():
        _circle(axis, center, INPUT_LABELS[node] if node < FIRST_NODE else str(node), node < FIRST_NODE)
    _circle(axis, output, "$c_k$", True)
    axis.set_xlim(-0.6, output[0] + 0.6)
    axis.set_ylim(-(rows - 1) * _ROW - 0.8, 0.8)
    axis.set_axis_off()


def _circle(axis: "Axes", center: tuple[float, float], label: str, outer: bool) -> None:
    style = {"boxstyle": "circle,pad=0.35", "fc": "#fff3c4" if outer else "#ffffff", "ec": "#555555"}
    axis.text(*center, label, ha="center", va="center", fontsize=10, bbox=style, zorder=4)


def _operation_box(axis: "Axes", center: tuple[float, float], operation: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner = (center[0] - _BOX[0] / 2, center[1] - _BOX[1] / 2)
    colour = COLOURS[operation]
    axis.add_patch(
        FancyBboxPatch(
            corner, *_BOX, boxstyle="round,pad=0,rounding_size=0.1", fc=colour, ec="#555555", lw=0.8, zorder=3
        )
    )
    ink = "#ffffff" if operation in ("sep_conv_5x5", "sep_conv_7x7", "dil_conv_5x5") else "#222222"
    axis.text(*center, operation.replace("_connect", ""), ha="center", va="center", fontsize=8, color=ink, zorder=4)


def _arrow(
    axis: "Axes",
    start: tuple[float, float],
    end: tuple[float, float],
    bend: float = 0.0,
    head: bool = True,
    colour: str = "#666666",
) -> None:
    style = {"arrowstyle": "-|>" if head else "-", "color": colour, "lw": 1.0}
    style |= {"connectionstyle": f"arc3,rad={bend}", "shrinkA": 0, "shrinkB": 13 if head else 0}
    axis.annotate("", xy=end, xytext=start, arrowprops=style, zorder=1)
