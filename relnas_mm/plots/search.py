"""Plots of a search: losses and diversity by generation, and loss against cost."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from relnas_mm.plots.style import BLUE, GREEN, PURPLE, RED, tidy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FAST, SLOW, BEST, NEUTRAL = BLUE, RED, GREEN, PURPLE
WIDE = 3  # ratio of largest to smallest loss above which the axis is logarithmic


def search_curve(generations: Sequence[dict[str, Any]], candidates: Sequence[dict[str, Any]]) -> "Figure":
    """Plots losses and diversity by generation.

    Args:
        generations: Records of the generations.
        candidates: Records of the candidates, drawn as dots.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogFormatter, MaxNLocator

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    numbers = [line["generation"] + 1 for line in generations]
    finite = [line for line in candidates if line["loss"] is not None]
    colours = [FAST if line["rank"] == 0 else SLOW for line in finite]
    positions, losses = [line["generation"] + 1 for line in finite], [line["loss"] for line in finite]
    left.scatter(positions, losses, c=colours, s=9, alpha=0.35, linewidths=0)
    for key, colour, label in (
        ("fast_loss", FAST, "fast learners, mean"),
        ("slow_loss", SLOW, "slow learners, mean"),
        ("best_loss", BEST, "best"),
    ):
        values = [float("nan") if line[key] is None else line[key] for line in generations]
        left.plot(numbers, values, color=colour, lw=1.8, marker="o", ms=3, label=label)
    left.set(xlabel="generation", ylabel="validation loss", title="losses")
    if losses and 0 < WIDE * min(losses) < max(losses):  # the first generations can have far higher losses
        left.set_yscale("log")
        left.yaxis.set_major_formatter(LogFormatter())
        left.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(2, 0.5)))
    left.legend(frameon=False)
    right.plot(numbers, [line["diversity"] for line in generations], color=NEUTRAL, lw=1.8, marker="o", ms=3)
    right.set(xlabel="generation", ylabel="mean distance to the centre", title="diversity of the population")
    right.set_ylim(bottom=0)
    for axis in (left, right):
        tidy(axis)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def pareto_figure(
    candidates: Sequence[dict[str, Any]], fronts: Mapping[str, Sequence[dict[str, Any]]], labels: Mapping[str, str]
) -> "Figure":
    """Plots loss against cost, with the Pareto front, for each cost.

    Args:
        candidates: Records of one generation.
        fronts: Records on the front, by the key of the cost.
        labels: Axis labels of the costs.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5 * len(fronts), 4.2), layout="constrained")
    for axis, (key, front) in zip(figure.subplots(1, len(fronts), squeeze=False)[0], fronts.items()):
        finite = [line for line in candidates if line["loss"] is not None]
        axis.scatter([line[key] for line in finite], [line["loss"] for line in finite], c=SLOW, s=22, alpha=0.6)
        axis.step(
            [line[key] for line in front],
            [line["loss"] for line in front],
            where="post",
            color=FAST,
            marker="o",
            ms=5,
            label="front",
        )
        axis.set(xlabel=labels[key], ylabel="validation loss", title=f"loss against {labels[key]}")
        axis.legend(frameon=False)
        tidy(axis)
    return figure
