"""The sum that makes a node, with drop path on either part."""

# Triton types kernels as the functions that they are written as.
# pyright: reportCallIssue=false, reportArgumentType=false, reportReturnType=false
# pyright: reportIncompatibleMethodOverride=false, reportGeneralTypeIssues=false
from collections.abc import Sequence
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from relnas_mm.backends.triton.dispatch import rows

BLOCK = 1024


@triton.jit
def _dropped(x, mask, n, valid, keep):
    return x * (tl.load(mask + n, valid, 0.0).to(tl.float32) / keep)


@triton.jit
def _sum(
    a, b, mask_a, mask_b, y, total, image, a_step, b_step, keep,
    DROPS_A: tl.constexpr, DROPS_B: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = at < total
    n, place = (at // image).to(tl.int64), at % image
    first = tl.load(a + n * a_step + place, valid, 0.0).to(tl.float32)
    second = tl.load(b + n * b_step + place, valid, 0.0).to(tl.float32)
    if DROPS_A:
        first = _dropped(first, mask_a, n, valid, keep)
    if DROPS_B:
        second = _dropped(second, mask_b, n, valid, keep)
    tl.store(y + at, (first + second).to(y.dtype.element_ty), valid)


@triton.jit
def _gradients(
    g, mask_a, mask_b, ga, gb, total, image, g_step, keep,
    DROPS_A: tl.constexpr, DROPS_B: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    valid = at < total
    n, place = (at // image).to(tl.int64), at % image
    given = tl.load(g + n * g_step + place, valid, 0.0).to(tl.float32)
    if DROPS_A:
        tl.store(ga + at, _dropped(given, mask_a, n, valid, keep).to(ga.dtype.element_ty), valid)
    if DROPS_B:
        tl.store(gb + at, _dropped(given, mask_b, n, valid, keep).to(gb.dtype.element_ty), valid)


def node(a: Tensor, b: Tensor, masks: Sequence[Tensor | None], keep: float) -> Tensor:
    """The sum of two maps, of each of which drop path may leave out images.

    Args:
        a: The first, (n, c, h, w), its images contiguous.
        b: The second, likewise.
        masks: For each map 1 for images that stay and 0 for others, (n, 1, 1, 1); `None` where all stay as they are.
        keep: Share of images that stay; where there is a mask they are divided by it.
    """
    if all(mask is None for mask in masks):
        return a + b
    return _Node.apply(a, b, *masks, keep)  # type: ignore[return-value]


class _Node(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, mask_a: Tensor | None, mask_b: Tensor | None, keep: float) -> Tensor:
        (a, a_step), (b, b_step) = rows(a), rows(b)
        out = a.new_empty(a.shape)
        drops = {"DROPS_A": mask_a is not None, "DROPS_B": mask_b is not None, "BLOCK": BLOCK}
        grid = (triton.cdiv(out.numel(), BLOCK),)
        _sum[grid](a, b, mask_a, mask_b, out, out.numel(), out[0].numel(), a_step, b_step, keep, **drops)
        ctx.masks, ctx.keep, ctx.drops = (mask_a, mask_b), keep, drops
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        given, step = rows(gradients[0])
        of_maps = [given if mask is None else given.new_empty(given.shape) for mask in ctx.masks]
        grid = (triton.cdiv(given.numel(), BLOCK),)
        _gradients[grid](given, *ctx.masks, *of_maps, given.numel(), given[0].numel(), step, ctx.keep, **ctx.drops)
        return *of_maps, None, None, None
