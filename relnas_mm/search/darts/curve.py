"""Plot of a search by DARTS: losses, entropy of the weights, and skip connections by epoch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from relnas_mm.search.curve import BEST, FAST, NEUTRAL, SLOW

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def darts_curve(records: Sequence[dict[str, Any]]) -> "Figure":
    """A figure of the whole search.

    Args:
        records: Records of the epochs.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(13, 4), layout="constrained")
    panels = (
        ("loss", (("train_loss", SLOW, "training"), ("loss", FAST, "validation"))),
        (
            "entropy of the weights",
            (("entropy_normal", FAST, "normal cell"), ("entropy_reduce", NEUTRAL, "reduction cell")),
        ),
        ("skip connections of the normal cell", (("skips", BEST, "of 8 edges"),)),
    )
    epochs = [line["epoch"] + 1 for line in records]
    for axis, (title, lines) in zip(figure.subplots(1, len(panels)), panels):
        for key, colour, label in lines:
            axis.plot(epochs, [line[key] for line in records], color=colour, lw=1.8, marker="o", ms=3, label=label)
        axis.set(title=title, xlabel="epoch")
        axis.legend(frameon=False)
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure
