"""Plot of a DARTS search: losses, entropy of architecture weights, and number of skip connections by epoch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from relnas_mm.plots.style import BLUE, GREEN, PURPLE, RED, tidy

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def darts_curve(records: Sequence[dict[str, Any]]) -> "Figure":
    """Plots a DARTS search.

    Args:
        records: Records of the epochs.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(13, 4), layout="constrained")
    panels = (
        ("loss", (("train_loss", RED, "training"), ("loss", BLUE, "validation"))),
        (
            "entropy of the weights",
            (("entropy_normal", BLUE, "normal cell"), ("entropy_reduce", PURPLE, "reduction cell")),
        ),
        ("skip connections of the normal cell", (("skips", GREEN, "of 8 edges"),)),
    )
    epochs = [line["epoch"] + 1 for line in records]
    for axis, (title, lines) in zip(figure.subplots(1, len(panels)), panels):
        for key, colour, label in lines:
            axis.plot(epochs, [line[key] for line in records], color=colour, lw=1.8, marker="o", ms=3, label=label)
        axis.set(title=title, xlabel="epoch")
        axis.legend(frameon=False)
        tidy(axis)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure
