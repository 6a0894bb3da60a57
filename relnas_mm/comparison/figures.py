"""Plots of a comparison: regret by number of queries, Pareto fronts, and the transfer matrix."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from relnas_mm.comparison.plan import Plan
from relnas_mm.comparison.summary import values_at
from relnas_mm.plots.style import COLOURS, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3
POINTS = 80


def anytime_figure(plan: Plan, records: Sequence[dict[str, Any]], summary: dict[str, Any]) -> "Figure":
    """Plots mean regret, or mean value if the optimum is unknown, with the interquartile range over seeds."""
    figure, axes = _grid(len(plan.tasks))
    queries = np.unique(np.geomspace(1, plan.budget, POINTS).round().astype(int))
    for axis, task in zip(axes, plan.tasks):
        optimum = summary["tasks"][task]["optimum"]
        for colour, strategy in _coloured(plan):
            values = np.array([values_at(line, queries.tolist()) for line in _of(records, task, strategy)])
            known = ~np.isnan(values).all(axis=0)  # some search has a finite candidate
            shown = values[:, known] if optimum is None else optimum - values[:, known]
            axis.plot(queries[known], np.nanmean(shown, axis=0), color=colour, lw=1.6, label=strategy)
            low, high = np.nanquantile(shown, [0.25, 0.75], axis=0)
            axis.fill_between(queries[known], low, high, color=colour, alpha=0.12, lw=0)
        axis.set(xscale="log", title=task, xlabel="candidates trained", ylabel=_label(plan, optimum))
        if optimum is not None:
            axis.set_yscale("log")
    axes[0].legend(frameon=False, fontsize=8)
    return figure


def front_figure(plan: Plan, records: Sequence[dict[str, Any]]) -> "Figure":
    """Plots for each strategy the combined front of all its searches, and the fronts of the first ten."""
    from relnas_mm.search.pareto import pareto_front

    figure, axes = _grid(len(plan.tasks))
    for axis, task in zip(axes, plan.tasks):
        for colour, strategy in _coloured(plan):
            fronts = [np.array(line["front"]) for line in _of(records, task, strategy)]
            for front in fronts[:10]:
                axis.step(*front.T, where="post", color=colour, alpha=0.15, lw=0.8)
            points = np.concatenate(fronts)
            combined = points[pareto_front(points[:, 0], points[:, 1])]
            axis.step(*combined.T, where="post", color=colour, lw=1.8, label=strategy)
        axis.set(title=task, xlabel=plan.objectives[0], ylabel="loss", yscale="log")
    axes[0].legend(frameon=False, fontsize=8)
    return figure


def transfer_figure(tasks: Sequence[str], matrix: Sequence[Sequence[float]], strategy: str) -> "Figure":
    """Plots the transfer matrix with its values."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 5.6), layout="constrained")
    axis = figure.subplots()
    values = np.array(matrix)
    axis.imshow(values, cmap="viridis", vmin=0, vmax=100)
    axis.set(xticks=range(len(tasks)), yticks=range(len(tasks)), xlabel="looked up on", ylabel="searched on")
    axis.set_xticklabels(tasks, rotation=40, ha="right")
    axis.set_yticklabels(tasks)
    axis.set_title(f"percent of architectures beaten by the winners of {strategy}")
    for (row, column), value in np.ndenumerate(values):
        axis.text(column, row, f"{value:.0f}", ha="center", va="center", color="white" if value < 60 else "black")
    return figure


def _grid(count: int) -> "tuple[Figure, list[Axes]]":
    from matplotlib.figure import Figure

    columns = min(count, COLUMNS)
    rows = -(-count // columns)
    figure = Figure(figsize=(4.6 * columns, 3.5 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        tidy(axis)
    for axis in axes[count:]:
        axis.set_visible(False)
    return figure, list(axes[:count])


def _coloured(plan: Plan) -> list[tuple[str, str]]:
    return [(COLOURS[index % len(COLOURS)], strategy) for index, strategy in enumerate(plan.strategies)]


def _of(records: Sequence[dict[str, Any]], task: str, strategy: str) -> list[dict[str, Any]]:
    return [line for line in records if (line["task"], line["strategy"]) == (task, strategy)]


def _label(plan: Plan, optimum: float | None) -> str:
    if plan.objectives:
        return "missing hypervolume, %"
    return "value" if optimum is None else "regret of the reported value"
