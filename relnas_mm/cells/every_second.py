"""Every second position of a map, on two grids one position apart, for 1x1 convolutions on CPUs.

A convolution of stride 2 there reads and in its backward pass writes the whole map, and so does each cut that moves a
grid; two maps of a quarter of the size are read and written once.  `docs/performance.md` has what it brings.
"""

from typing import Any

import torch
from torch import Tensor, nn

from relnas_mm.cells.on_cpu import watched
from relnas_mm.kernels import traced


def takes_apart(x: Tensor, *convs: nn.Module) -> bool:
    """Whether a map can be taken apart for these convolutions: on a CPU, with even sides, and nobody watches."""
    even = x.shape[-2] % 2 == x.shape[-1] % 2 == 0
    return x.device.type == "cpu" and not traced() and even and not any(map(watched, convs))


def two_grids(x: Tensor) -> tuple[Tensor, Tensor]:
    """The positions with even coordinates and those with odd ones.

    Args:
        x: The map, (n, c, h, w), with even sides.

    Returns:
        Two maps, (n, c, h / 2, w / 2).
    """
    return _TwoGrids.apply(x)  # type: ignore[return-value]


class _TwoGrids(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        last = x.is_contiguous(memory_format=torch.channels_last)
        ctx.format = torch.channels_last if last else torch.contiguous_format
        first, second = (x[..., start::2, start::2].clone(memory_format=ctx.format) for start in (0, 1))
        return first, second

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        n, channels, height, width = gradients[0].shape
        whole = torch.empty(
            (n, channels, 2 * height, 2 * width), dtype=gradients[0].dtype, memory_format=ctx.format
        ).zero_()
        for start, gradient in enumerate(gradients):
            whole[..., start::2, start::2] = gradient
        return whole
