"""Fuses batch normalizations of a network into the preceding convolutions (torch's `fuse_conv_bn_eval`)."""

import itertools

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_conv_bn_weights

from relnas_mm.networks.operations import FactorizedReduce


def fuse_conv_bn(network: nn.Module) -> None:
    """Fuses each batch normalization that follows a convolution, in place; other normalizations stay.

    Args:
        network: A network in evaluation mode.  Its outputs stay the same up to rounding; it is for inference only.
    """
    for module in list(network.modules()):
        if isinstance(module, FactorizedReduce):
            _fuse_factorized_reduce(module)
        elif isinstance(module, nn.Sequential):
            _fuse_pairs(module)


def _fuse_pairs(module: nn.Sequential) -> None:
    layers = list(module.named_children())
    for (name, conv), (following, norm) in itertools.pairwise(layers):
        if isinstance(conv, nn.Conv2d) and isinstance(norm, _BatchNorm):
            setattr(module, name, fuse_conv_bn_eval(conv, norm))
            setattr(module, following, nn.Identity())


def _fuse_factorized_reduce(module: FactorizedReduce) -> None:
    """Splits the normalization, which two parallel convolutions share."""
    norm = module.bn
    if not isinstance(norm, _BatchNorm):
        return
    for conv, mean, variance, weight, bias in zip(
        (module.conv_1, module.conv_2),
        *(part.chunk(2) for part in (norm.running_mean, norm.running_var, norm.weight, norm.bias)),  # type: ignore[union-attr]
    ):
        conv.weight, conv.bias = fuse_conv_bn_weights(conv.weight, None, mean, variance, norm.eps, weight, bias)
    module.bn = nn.Identity()
