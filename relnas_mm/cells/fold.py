"""Batch normalization as part of the convolution before it."""

import itertools

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_conv_bn_weights

from relnas_mm.cells.operations import FactorizedReduce


def fold_normalizations(network: nn.Module) -> None:
    """Folds them wherever a convolution stands before one; other normalizations stay.

    Args:
        network: In evaluation mode.  It gives what it gave, and cannot be trained any more.
    """
    for module in list(network.modules()):
        if isinstance(module, FactorizedReduce):
            _fold_halves(module)
        elif isinstance(module, nn.Sequential):
            _fold_pairs(module)


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
