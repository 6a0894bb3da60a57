"""Where a position lies in a map."""

# Triton types kernels as the functions that they are written as.
# pyright: reportReturnType=false
import triton
import triton.language as tl  # noqa: F401  the interpreter looks for it in every module of kernels


@triton.jit
def place(at, H, W):
    """Column, row and plane of the positions of planes that lie one behind the other."""
    return at % W, at // W % H, at // W // H
