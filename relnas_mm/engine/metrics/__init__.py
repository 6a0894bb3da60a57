"""Metrics in MMEngine's root registry."""

from relnas_mm.engine.metrics.classification import Accuracy, ConfusionMatrix
from relnas_mm.engine.metrics.verification import Verification

__all__ = ["Accuracy", "ConfusionMatrix", "Verification"]
