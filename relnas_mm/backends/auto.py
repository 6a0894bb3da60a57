"""Faster PyTorch: shared ReLUs and fused sums on every device, and the functions of `backends.cpu` on CPUs."""

from collections.abc import Sequence
from itertools import islice
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from relnas_mm.backends.conditions import has_hooks, is_depthwise, is_plain_on_cpu
from relnas_mm.backends.cpu.batch_norm import batch_norm
from relnas_mm.backends.cpu.max_pool import max_pool_3x3
from relnas_mm.backends.cpu.parity_split import can_split, split_by_parity
from relnas_mm.backends.cpu.separable import separable_conv
from relnas_mm.backends.drop_path import drop_path, path_weights
from relnas_mm.backends.feature_map import FeatureMap
from relnas_mm.backends.reference import Backend, Path, avg_pool_by_convolution


class AutoBackend(Backend):
    """Differs from the reference by rounding, and falls back to it where a device has nothing faster.

    Args:
        recompute: When training on CPUs, recompute large feature maps inside separable convolutions in the backward
            pass instead of saving them: less memory for a little more time.
    """

    name = "auto"
    exact = False

    def __init__(self, recompute: bool = True):
        self.recompute = recompute

    def relu(self, x: FeatureMap) -> Tensor:
        """Computes the ReLU once for all readers of the feature map."""
        return x.shared_relu()

    def preact_sequence(self, layers: nn.Sequential, x: FeatureMap) -> Tensor:
        """As the reference, with later ReLUs in place and each separable convolution as one autograd function."""
        out, rest, previous = self.relu(x), islice(layers, 1, None), layers[0]
        for layer in rest:
            if is_depthwise(layer):
                out = separable_conv(out, layer, cast(nn.Conv2d, next(rest)), self.recompute)
            elif isinstance(layer, nn.ReLU):
                out = F.relu(out, inplace=not has_hooks(previous))  # the sequence is the only reader
            else:
                out = batch_norm(out, layer)
            previous = layer
        return out

    def factorized_reduce(
        self, x: FeatureMap, convs: Sequence[nn.Conv2d], norm: nn.Module, step: int, shift: int
    ) -> Tensor:
        """As the reference; on CPUs each convolution reads a quarter of the feature map."""
        out = self.relu(x)
        if step != 2 or shift != 1 or not can_split(out, *convs):
            return super().factorized_reduce(x, convs, norm, step, shift)
        halves = zip(split_by_parity(out), convs)
        return batch_norm(torch.cat([F.conv2d(half, conv.weight, conv.bias) for half, conv in halves], dim=1), norm)

    def max_pool(self, x: Tensor, step: int, dilation: int) -> Tensor:
        """As the reference; in inference on CPUs without computing argmax indices."""
        if dilation == step == 1 and not torch.is_grad_enabled() and is_plain_on_cpu(x):
            return max_pool_3x3(x)
        return super().max_pool(x, step, dilation)

    def avg_pool(self, x: Tensor, step: int, dilation: int) -> Tensor:
        """As the reference; a convolution is faster for channels-last maps on CPUs."""
        if is_plain_on_cpu(x):
            return avg_pool_by_convolution(x, step, dilation)
        return super().avg_pool(x, step, dilation)

    def add_paths(self, paths: Sequence[Path], generator: torch.Generator | None) -> Tensor:
        """As the reference; drop path of the second operation and the sum are one `addcmul`."""
        (first, first_rate), (second, second_rate) = paths
        if first_rate > 0.0:
            first = drop_path(first, first_rate, generator)
        if second_rate > 0.0:
            return torch.addcmul(first, second, path_weights(second, second_rate, generator))
        return first + second

    def stem(self, layers: nn.Sequential, x: Tensor) -> Tensor:
        """As the reference, with faster batch normalization on CPUs."""
        for layer in layers:
            x = batch_norm(x, layer)
        return x
