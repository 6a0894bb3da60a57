"""The sum of a node's two operations, fused with drop path."""

# Triton types a kernel as the plain function that it decorates.
# pyright: reportCallIssue=false, reportArgumentType=false, reportReturnType=false
# pyright: reportIncompatibleMethodOverride=false, reportGeneralTypeIssues=false
from collections.abc import Sequence
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from relnas_mm.backends.triton.dispatch import contiguous_images

BLOCK = 1024


@triton.jit
def _dropped(x, mask, n, valid, keep):
    return x * (tl.load(mask + n, valid, 0.0).to(tl.float32) / keep)


@triton.jit
def _sum(
    a, b, mask_a, mask_b, y, total, image, a_step, b_step, keep,
    DROPS_A: tl.constexpr, DROPS_B: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = index < total
    n, offset = (index // image).to(tl.int64), index % image
    first = tl.load(a + n * a_step + offset, valid, 0.0).to(tl.float32)
    second = tl.load(b + n * b_step + offset, valid, 0.0).to(tl.float32)
    if DROPS_A:
        first = _dropped(first, mask_a, n, valid, keep)
    if DROPS_B:
        second = _dropped(second, mask_b, n, valid, keep)
    tl.store(y + index, (first + second).to(y.dtype.element_ty), valid)


@triton.jit
def _gradients(
    g, mask_a, mask_b, ga, gb, total, image, g_step, keep,
    DROPS_A: tl.constexpr, DROPS_B: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = index < total
    n, offset = (index // image).to(tl.int64), index % image
    grad = tl.load(g + n * g_step + offset, valid, 0.0).to(tl.float32)
    if DROPS_A:
        tl.store(ga + index, _dropped(grad, mask_a, n, valid, keep).to(ga.dtype.element_ty), valid)
    if DROPS_B:
        tl.store(gb + index, _dropped(grad, mask_b, n, valid, keep).to(gb.dtype.element_ty), valid)


def node(a: Tensor, b: Tensor, masks: Sequence[Tensor | None], keep: float) -> Tensor:
    """Sums two maps, each after drop path.

    Args:
        a: The first map, (n, c, h, w), with contiguous images.
        b: The second map, likewise.
        masks: For each map a drop-path mask, (n, 1, 1, 1), or `None` for no drop path.
        keep: Keep probability, which divides maps that have a mask.
    """
    if all(mask is None for mask in masks):
        return a + b
    return _Node.apply(a, b, *masks, keep)  # type: ignore[return-value]


class _Node(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, mask_a: Tensor | None, mask_b: Tensor | None, keep: float) -> Tensor:
        (a, a_step), (b, b_step) = contiguous_images(a), contiguous_images(b)
        out = a.new_empty(a.shape)
        drops = {"DROPS_A": mask_a is not None, "DROPS_B": mask_b is not None, "BLOCK": BLOCK}
        grid = (triton.cdiv(out.numel(), BLOCK),)
        _sum[grid](a, b, mask_a, mask_b, out, out.numel(), out[0].numel(), a_step, b_step, keep, **drops)
        ctx.masks, ctx.keep, ctx.drops = (mask_a, mask_b), keep, drops
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        grad_output, step = contiguous_images(grad_outputs[0])
        grads = [grad_output if mask is None else grad_output.new_empty(grad_output.shape) for mask in ctx.masks]
        grid = (triton.cdiv(grad_output.numel(), BLOCK),)
        _gradients[grid](
            grad_output, *ctx.masks, *grads, grad_output.numel(), grad_output[0].numel(), step, ctx.keep, **ctx.drops
        )
        return *grads, None, None, None
