"""Batch normalization as part of the convolution before it, and nothing that no map depends on."""

import copy
import itertools

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_conv_bn_weights

from relnas_mm.cells.operations import FactorizedReduce
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
    for module in list(own.modules()):
        if isinstance(module, FactorizedReduce):
            _fold_halves(module)
        elif isinstance(module, nn.Sequential):
            _fold_pairs(module)
    return own.requires_grad_(False)


def _fold_pairs(module: nn.Sequential) -> None:
    layers = list(module.named_children())
    for (name, conv), (following, norm) in itertools.pairwise(layers):
        if isinstance(conv, nn.Conv2d) and isinstance(norm, _BatchNorm):
            setattr(module, name, fuse_conv_bn_eval(conv, norm))
            setattr(module, following, nn.Identity())


def _fold_halves(module: FactorizedReduce) -> None:
    """Two convolutions side by side share this normalization."""
    norm = module.bn
    if not isinstance(norm, _BatchNorm):
        return
    for conv, mean, variance, weight, bias in zip(
        (module.conv_1, module.conv_2),
        *(part.chunk(2) for part in (norm.running_mean, norm.running_var, norm.weight, norm.bias)),  # type: ignore[union-attr]
    ):
        conv.weight, conv.bias = fuse_conv_bn_weights(conv.weight, None, mean, variance, norm.eps, weight, bias)
    module.bn = nn.Identity()
