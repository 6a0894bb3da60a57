"""Image classifiers on cell backbones."""

from relnas_mm.models.classifiers.cell_classifier import CellClassifier

__all__ = ["CellClassifier"]
