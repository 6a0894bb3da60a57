"""Image classifiers around a cell backbone."""

from relnas_mm.models.classifiers.cell_classifier import CellClassifier

__all__ = ["CellClassifier"]
