"""Image classifiers on cell backbones, and on other ones beside them."""

from relnas_mm.models.classifiers.backbone_classifier import BackboneClassifier
from relnas_mm.models.classifiers.base import Classifier
from relnas_mm.models.classifiers.cell_classifier import CellClassifier

__all__ = ["BackboneClassifier", "CellClassifier", "Classifier"]
