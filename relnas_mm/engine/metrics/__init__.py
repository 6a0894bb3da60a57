"""Metrics in MMEngine's root registry."""

from relnas_mm.engine.metrics.classification import Accuracy, ConfusionMatrix

__all__ = ["Accuracy", "ConfusionMatrix"]
