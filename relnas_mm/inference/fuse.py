"""Fuses batch normalizations of a backbone, and removes its unused preprocessing."""

import copy

from relnas_mm.models import CellBackbone
from relnas_mm.networks.fuse import fuse_conv_bn
from relnas_mm.networks.operations import Identity


def fuse_backbone(backbone: CellBackbone) -> CellBackbone:
    """Returns a copy for inference, with fused batch normalizations and without unused preprocessing.

    Other normalizations stay.  The copy can neither be trained nor load a checkpoint.
    """
    fused = copy.deepcopy(backbone).eval()
    unused = set(fused.unused_modules(fused.used_outputs()))
    for cell in fused.cells:
        for name in ("preprocess0", "preprocess1"):
            if getattr(cell, name) in unused:
                setattr(cell, name, Identity())
    fuse_conv_bn(fused)
    return fused.requires_grad_(False)
