"""Splits a feature map into its even and its odd positions, for 1x1 convolutions of stride 2 on CPUs.

PyTorch's stride-2 convolution reads the whole map, and writes all of it in the backward pass; after the split each
convolution reads a quarter.  `docs/performance.md` measures the gain.
"""

from typing import Any

import torch
from torch import Tensor, nn

from relnas_mm.backends.conditions import has_hooks, is_traced


def can_split(x: Tensor, *convs: nn.Module) -> bool:
    """Whether a map can be split for these convolutions: on the CPU, of even height and width, without hooks."""
    even = x.shape[-2] % 2 == x.shape[-1] % 2 == 0
    return x.device.type == "cpu" and not is_traced() and even and not any(map(has_hooks, convs))


def split_by_parity(x: Tensor) -> tuple[Tensor, Tensor]:
    """Selects the positions with even coordinates and those with odd ones.

    Args:
        x: Shape (n, c, h, w), of even height and width.

    Returns:
        Two maps of shape (n, c, h / 2, w / 2).
    """
    return _SplitByParity.apply(x)  # type: ignore[return-value]


class _SplitByParity(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        channels_last = x.is_contiguous(memory_format=torch.channels_last)
        ctx.format = torch.channels_last if channels_last else torch.contiguous_format
        first, second = (x[..., start::2, start::2].clone(memory_format=ctx.format) for start in (0, 1))
        return first, second

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Tensor:
        n, channels, height, width = grad_outputs[0].shape
        grad_x = torch.empty(
            (n, channels, 2 * height, 2 * width), dtype=grad_outputs[0].dtype, memory_format=ctx.format
        ).zero_()
        for start, grad_output in enumerate(grad_outputs):
            grad_x[..., start::2, start::2] = grad_output
        return grad_x
