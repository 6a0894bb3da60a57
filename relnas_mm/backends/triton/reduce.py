"""Deterministic sums over the partial results of programs."""

# Triton types a kernel as the plain function that it decorates.
# pyright: reportCallIssue=false, reportArgumentType=false, reportReturnType=false
import torch
import triton
import triton.language as tl
from torch import Tensor


@triton.jit(do_not_specialize=["count", "size"])
def _total(parts, y, count, size, ROWS: tl.constexpr, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)[None, :]
    out = tl.zeros((ROWS, BLOCK), tl.float32)
    for start in range(0, count, ROWS):
        row = start + tl.arange(0, ROWS)[:, None]
        out += tl.load(parts + row * size + index, (row < count) & (index < size), 0.0)
    pointer = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(y + pointer, tl.sum(out, 0), pointer < size)


def sum_parts(parts: Tensor) -> Tensor:
    """Sums a contiguous float32 tensor, (parts, ...), over its first axis, in a fixed order."""
    out = torch.empty_like(parts[0])
    _total[(triton.cdiv(out.numel(), 32),)](parts, out, len(parts), out.numel(), ROWS=128, BLOCK=32, num_warps=8)
    return out
