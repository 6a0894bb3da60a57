"""A backbone without normalizations of its own, and without what no map depends on."""

import copy

from relnas_mm.models import CellBackbone
from relnas_mm.networks.fuse import fuse_conv_bn
from relnas_mm.networks.operations import Identity


def folded(backbone: CellBackbone) -> CellBackbone:
    """A copy for inference: batch normalizations are folded into convolutions, unused preprocessing is left out.

    Other normalizations stay.  The copy cannot be trained any more, and takes no checkpoint.
    """
    own = copy.deepcopy(backbone).eval()
    unused = set(own.unused_modules(own.used_outputs()))
    for cell in own.cells:
        for name in ("preprocess0", "preprocess1"):
            if getattr(cell, name) in unused:
                setattr(cell, name, Identity())
    fuse_conv_bn(own)
    return own.requires_grad_(False)
