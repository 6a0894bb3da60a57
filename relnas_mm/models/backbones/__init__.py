"""Backbones for mm configs."""

from relnas_mm.models.backbones.cell_backbone import CellBackbone
from relnas_mm.models.backbones.chain_backbone import ChainBackbone

__all__ = ["CellBackbone", "ChainBackbone"]
