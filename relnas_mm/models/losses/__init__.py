"""Losses for mm configs."""

from relnas_mm.models.losses.ohem import OHEMCrossEntropy

__all__ = ["OHEMCrossEntropy"]
