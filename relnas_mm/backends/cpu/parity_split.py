"""A feature map split by parity: its even and its odd positions, for 1x1 convolutions of stride 2 on CPUs.

PyTorch's convolution of stride 2 reads the whole map, and in its backward pass writes it; here each convolution reads a
quarter of it.  `docs/performance.md` has what that brings.
"""

from typing import Any

import torch
from torch import Tensor, nn

from relnas_mm.backends.conditions import has_hooks, is_traced


def can_split(x: Tensor, *convs: nn.Module) -> bool:
    """Whether a map can be split for these convolutions: on a CPU, with even sides, and no hooks wait for them."""
    even = x.shape[-2] % 2 == x.shape[-1] % 2 == 0
    return x.device.type == "cpu" and not is_traced() and even and not any(map(has_hooks, convs))


def split_by_parity(x: Tensor) -> tuple[Tensor, Tensor]:
    """The positions with even coordinates and those with odd ones.

    Args:
        x: The map, (n, c, h, w), with even sides.

    Returns:
        Two maps, (n, c, h / 2, w / 2).
    """
    return _SplitByParity.apply(x)  # type: ignore[return-value]


class _SplitByParity(torch.autograd.Function):
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
