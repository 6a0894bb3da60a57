"""Draws samples of a config's data, after its pipeline, with their annotations."""

from relnas_mm.browse.draw import drawn_samples
from relnas_mm.browse.folder import PictureFolder

__all__ = ["PictureFolder", "drawn_samples"]
