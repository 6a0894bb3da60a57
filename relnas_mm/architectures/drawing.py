"""Pictures of architectures as SVG or PNG: colours, chains, files; cells are in `cell_figure`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relnas_mm.errors import UserError
from relnas_mm.networks.chain_plan import plan_chain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from relnas_mm.architectures.chain import Chain

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


def chain_figure(chain: "Chain") -> "Figure":
    """Draws the layers as bars from left to right: height is the number of channels, colour the operation."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    plans = plan_chain(chain)
    figure = Figure(figsize=(max(6.0, 0.32 * len(plans) + 2.0), 3.2), layout="constrained")
    axis = figure.subplots()
    for index, plan in enumerate(plans):
        axis.bar(index, plan.outputs, width=0.86, color=CHAIN_COLOURS[plan.operation], edgecolor="#555555", lw=0.8)
        axis.text(index, plan.outputs / 2, str(plan.kernel), ha="center", va="center", fontsize=9)
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
