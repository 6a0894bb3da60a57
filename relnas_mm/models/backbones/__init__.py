"""Backbones that mm configs name by type."""

from relnas_mm.models.backbones.cell_backbone import CellBackbone

__all__ = ["CellBackbone"]
