"""Common colours and axes of all plots."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, RED, GREEN, PURPLE = "#2166ac", "#d6604d", "#1b7837", "#762a83"
COLOURS = (BLUE, RED, GREEN, PURPLE, "#e08214", "#01665e", "#8c510a", "#4d4d4d")
"""Colour cycle."""


def tidy(axis: "Axes") -> None:
    """Adds a light grid, and removes the top and right spines."""
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
