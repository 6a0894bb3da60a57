"""Index arithmetic of feature maps."""

# Triton types a kernel as the plain function that it decorates.
# pyright: reportReturnType=false
import triton
import triton.language as tl  # noqa: F401  the interpreter expects it in every module with kernels


@triton.jit
def unravel(index, H, W):
    """Column, row and plane of flat indices into contiguous planes of H x W."""
    return index % W, index // W % H, index // W // H
