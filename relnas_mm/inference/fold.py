"""A backbone without normalizations of its own, and without what no map depends on."""

import copy

from torch import nn

from relnas_mm.cells.fold import fold_normalizations
from relnas_mm.models import CellBackbone


def folded(backbone: CellBackbone) -> CellBackbone:
    """A copy for inference: batch normalizations are folded into convolutions, idle preprocessing is left out.

    Other normalizations stay.  The copy cannot be trained any more, and takes no checkpoint.
    """
    own = copy.deepcopy(backbone).eval()
    idle = set(own.idle_modules(own.wanted_outputs()))
    for cell in own.cells:
        for name in ("preprocess0", "preprocess1"):
            if getattr(cell, name) in idle:
                setattr(cell, name, nn.Identity())
    fold_normalizations(own)
    return own.requires_grad_(False)
