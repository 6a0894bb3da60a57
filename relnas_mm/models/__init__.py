"""Models for mm configs, registered in MMEngine's root registry on import.  Requires mmengine and mmcv."""

from relnas_mm.models.backbones import CellBackbone, ChainBackbone
from relnas_mm.models.classifiers import BackboneClassifier, CellClassifier
from relnas_mm.models.recognizers import ArcFaceRecognizer

__all__ = ["ArcFaceRecognizer", "BackboneClassifier", "CellBackbone", "CellClassifier", "ChainBackbone"]
