"""Sequences of layers by fused kernels."""

from collections import deque
from collections.abc import Iterable
from typing import TypeGuard

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from relnas_mm.backends.triton.conv1x1_bn import conv1x1_bn
from relnas_mm.backends.triton.depthwise import depthwise
from relnas_mm.backends.triton.dispatch import in_autocast_type
from relnas_mm.backends.triton.factorized_reduce import split_by_parity
from relnas_mm.backends.triton.normalization import batch_norm, can_normalize

FEW = 4
"""Most input channels of a 3x3 convolution computed as a 1x1 convolution of its windows."""


def sequence(layers: Iterable[nn.Module], x: Tensor) -> Tensor:
    """Applies ReLUs, convolutions and normalizations in order.

    Args:
        layers: The layers.  The kernels compute ReLUs, normalizations, depthwise convolutions and, before a
            normalization, 1x1 convolutions and stem convolutions; PyTorch computes the others.
        x: A map that `is_supported`, (n, c, h, w).
    """
    x, rest, relu = in_autocast_type(x), deque(layers), False
    while rest:
        layer = rest.popleft()
        if isinstance(layer, nn.ReLU):
            relu = True
            continue
        if _is_depthwise(layer):
            x = depthwise(x, layer.weight, layer.stride[0], layer.dilation[0], relu)
        elif _is_pointwise(layer) and rest and can_normalize(norm := rest[0], x):
            rest.popleft()
            x = conv1x1_bn(x, layer.weight, norm, relu)
        elif _is_stem(layer) and rest and can_normalize(norm := rest[0], x):
            rest.popleft()
            x = conv1x1_bn(_windows(x), layer.weight.flatten(1)[:, :, None, None], norm, relu)
        else:
            x = F.relu(x) if relu else x
            x = batch_norm(x, layer) if can_normalize(layer, x) and layer.training else layer(x)
        relu = False
    return F.relu(x) if relu else x


def factorized_reduce(x: Tensor, even: Tensor, odd: Tensor, norm: nn.Module) -> Tensor:
    """Applies a ReLU, 1x1 convolutions of the even and of the odd positions, and a normalization.

    Args:
        x: A map that `is_supported`, (n, c, h, w).
        even: Weight of the convolution of even positions, (o, c, 1, 1).
        odd: Weight of the convolution of odd positions.
        norm: Normalizes the channels of the first convolution followed by those of the second.
    """
    grids = split_by_parity(in_autocast_type(x))
    weight = torch.block_diag(even.flatten(1), odd.flatten(1))[:, :, None, None]
    if can_normalize(norm, grids):
        return conv1x1_bn(grids, weight, norm, relu=False)
    return norm(F.conv2d(grids, weight))


def _is_depthwise(layer: nn.Module) -> TypeGuard[nn.Conv2d]:
    if not isinstance(layer, nn.Conv2d) or layer.bias is not None or layer.kernel_size not in ((3, 3), (5, 5), (7, 7)):
        return False
    return layer.groups == layer.in_channels == layer.out_channels


def _is_stem(layer: nn.Module) -> TypeGuard[nn.Conv2d]:
    """Whether a layer is a 3x3 convolution of so few input channels that unfolding its windows is cheap."""
    if not isinstance(layer, nn.Conv2d) or layer.bias is not None or layer.groups > 1 or layer.in_channels > FEW:
        return False
    return (layer.kernel_size, layer.stride, layer.padding, layer.dilation) == ((3, 3), (1, 1), (1, 1), (1, 1))


def _windows(x: Tensor) -> Tensor:
    """Unfolds 3x3 windows into channels (im2col), (n, 9 * c, h, w)."""
    height, width = x.shape[2:]
    padded = F.pad(x, (1, 1, 1, 1))
    shifted = [padded[:, :, i : i + height, j : j + width] for i in range(3) for j in range(3)]
    return torch.stack(shifted, dim=2).flatten(1, 2)


def _is_pointwise(layer: nn.Module) -> TypeGuard[nn.Conv2d]:
    return (
        isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1) and layer.stride == (1, 1) and layer.bias is None
    )
