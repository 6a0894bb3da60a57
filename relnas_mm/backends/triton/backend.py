"""The Triton kernels as a backend."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from relnas_mm.backends.auto import AutoBackend
from relnas_mm.backends.drop_path import drop_mask
from relnas_mm.backends.feature_map import FeatureMap
from relnas_mm.backends.reference import Path
from relnas_mm.backends.triton.dispatch import is_supported
from relnas_mm.backends.triton.node import node
from relnas_mm.backends.triton.pools import pool
from relnas_mm.backends.triton.sequence import factorized_reduce, sequence


class TritonBackend(AutoBackend):
    """Runs the kernels on what they support, which covers whole searches, and falls back to `AutoBackend`."""

    name = "triton"

    def preact_sequence(self, layers: nn.Sequential, x: FeatureMap) -> Tensor:
        """As the reference, with fused kernels; the ReLU is part of the kernel that reads the map."""
        return sequence(layers, x.value) if is_supported(x.value) else super().preact_sequence(layers, x)

    def factorized_reduce(
        self, x: FeatureMap, convs: Sequence[nn.Conv2d], norm: nn.Module, step: int, shift: int
    ) -> Tensor:
        """As the reference, with one 1x1 convolution by a block-diagonal weight."""
        if step != 2 or shift != 1 or not is_supported(x.value):
            return super().factorized_reduce(x, convs, norm, step, shift)
        return factorized_reduce(x.value, convs[0].weight, convs[1].weight, norm)

    def max_pool(self, x: Tensor, step: int, dilation: int) -> Tensor:
        """Max pooling, 3x3."""
        return pool(x, step, False) if dilation == 1 and is_supported(x) else super().max_pool(x, step, dilation)

    def avg_pool(self, x: Tensor, step: int, dilation: int) -> Tensor:
        """Average pooling, 3x3, not counting padding."""
        return pool(x, step, True) if dilation == 1 and is_supported(x) else super().avg_pool(x, step, dilation)

    def add_paths(self, paths: Sequence[Path], generator: torch.Generator | None) -> Tensor:
        """Sums two operations, each after drop path, in one kernel."""
        if not all(is_supported(out) for out, _ in paths):
            return super().add_paths(paths, generator)
        masks = [drop_mask(out, rate, generator) if rate > 0.0 else None for out, rate in paths]
        return node(paths[0][0], paths[1][0], masks, 1.0 - max(rate for _, rate in paths))

    def stem(self, layers: nn.Sequential, x: Tensor) -> Tensor:
        """Applies the layers before the first cell."""
        return sequence(layers, x) if is_supported(x) else super().stem(layers, x)
