"""Losses that mm lacks."""

from relnas_mm.models.losses.ohem import OHEMCrossEntropy

__all__ = ["OHEMCrossEntropy"]
