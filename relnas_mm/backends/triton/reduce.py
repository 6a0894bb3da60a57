"""Sums of what several programs have found, in a fixed order."""

# Triton types kernels as the functions that they are written as.
# pyright: reportCallIssue=false, reportArgumentType=false, reportReturnType=false
import torch
import triton
import triton.language as tl
from torch import Tensor


@triton.jit(do_not_specialize=["count", "size"])
def _total(parts, y, count, size, ROWS: tl.constexpr, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)[None, :]
    out = tl.zeros((ROWS, BLOCK), tl.float32)
    for start in range(0, count, ROWS):
        row = start + tl.arange(0, ROWS)[:, None]
        out += tl.load(parts + row * size + at, (row < count) & (at < size), 0.0)
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(y + place, tl.sum(out, 0), place < size)


def total(parts: Tensor) -> Tensor:
    """The sum over the first axis of a contiguous float32 tensor, (parts, ...)."""
    out = torch.empty_like(parts[0])
    _total[(triton.cdiv(out.numel(), 32),)](parts, out, len(parts), out.numel(), ROWS=128, BLOCK=32, num_warps=8)
    return out
