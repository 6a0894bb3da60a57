"""Losses that mm lacks."""

from relnas_mm.models.losses.hard_pixels import HardPixelCrossEntropy

__all__ = ["HardPixelCrossEntropy"]
