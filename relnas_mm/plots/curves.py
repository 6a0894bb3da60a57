"""Curves and dots of several runs of each kind, narrow enough for phones: a unit of the SVG is one pixel there."""

import math
import re
import warnings
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from relnas_mm.errors import shortened
from relnas_mm.plots.style import COLOURS, tidy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

WIDTH = 340
"""Width of the pictures in points."""

FONT = 11
LINES = ("-", "--", ":", "-.")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""Beside their colours, kinds differ by lines and markers, as not all people tell colours apart."""

_LABEL, _TITLE = 24, 40  # longest in characters
_FAR = 1e30  # values beyond are not drawn
_DOTS = 30  # values of a curve above which it has no markers


@contextmanager
def readable() -> "Iterator[None]":
    """Draws and saves with text as text, without warnings about glyphs that the fonts here lack."""
    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "none", "font.size": FONT, "axes.titlesize": FONT + 1}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        warnings.filterwarnings("ignore", "constrained_layout not applied")
        yield


def curves_figure(runs: Mapping[str, Sequence[Mapping[int, float]]], title: str, xlabel: str) -> "Figure":
    """Draws all runs of each kind in its colour, with a legend.

    Args:
        runs: Values by step, for each run of a kind; kinds without runs keep their colours.
        title: What the values are.
        xlabel: What the steps are.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(WIDTH / 72, 260 / 72), layout="constrained")
    axis = figure.subplots()
    for number, (name, curves) in enumerate(runs.items()):
        label = plain_label(name)
        for curve in curves:
            marker = MARKERS[number % len(MARKERS)] if len(curve) <= _DOTS else ""
            axis.plot(
                list(curve),
                [_drawable(value) for value in curve.values()],
                LINES[number % len(LINES)],
                color=COLOURS[number % len(COLOURS)],
                marker=marker,
                ms=4,
                lw=1.6,
                alpha=0.85,
                label=label,
            )
            label = ""
    axis.set_xlabel(plain_label(xlabel))
    axis.set_title(plain_label(title, _TITLE), loc="left")
    axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    tidy(axis)
    figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=FONT)
    return figure


def dots_figure(samples: Mapping[str, Sequence[float]], title: str) -> "Figure":
    """Draws each value of each kind as a dot in the kind's row, and the mean as a line.

    Args:
        samples: Values by kind; a kind without values has an empty row.
        title: What the values are.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(WIDTH / 72, (64 + 26 * len(samples)) / 72), layout="constrained")
    axis = figure.subplots()
    for number, values in enumerate(samples.values()):
        colour = COLOURS[number % len(COLOURS)]
        finite = [value for value in values if math.isfinite(_drawable(value))]
        axis.plot(finite, [number] * len(finite), MARKERS[number % len(MARKERS)], color=colour, ms=6, alpha=0.75)
        if finite:
            mean = sum(value / len(finite) for value in finite)
            axis.plot([mean, mean], [number - 0.35, number + 0.35], color=colour, lw=2.2)
    axis.set(ylim=(len(samples) - 0.5, -0.5), yticks=range(len(samples)))
    axis.set_yticklabels([plain_label(name) for name in samples])
    axis.set_title(plain_label(title, _TITLE), loc="left")
    axis.xaxis.set_major_locator(MaxNLocator(4))
    tidy(axis)
    return figure


def plain_label(text: str, most: int = _LABEL) -> str:
    """A label of one line that matplotlib takes neither for mathematics nor for one to be hidden.

    Args:
        text: Any text.
        most: Largest number of characters.
    """
    printable = "".join(character if character.isprintable() else " " for character in text)
    label = shortened(re.sub(r"\s+", " ", printable).strip(), most).replace("$", r"\$")
    return f" {label}" if label.startswith("_") else label


def _drawable(value: float) -> float:
    return value if abs(value) < _FAR else math.nan
