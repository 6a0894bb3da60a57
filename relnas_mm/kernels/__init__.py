"""Triton kernels for the operations of a cell on CUDA: fewer passes over the maps, and more of the device at work.

The maps of a search have few channels, and PyTorch's kernels for normalization and for the gradient of depthwise
kernels give each channel to one of a hundred multiprocessors.  Here all of them share the positions; a ReLU is applied
where a map is read, and normalization where the convolution before it has the values at hand.  Results differ from
PyTorch's by rounding.  Nothing in here is imported before it is used, since Triton only comes with CUDA builds.
"""

from relnas_mm.kernels.use import KERNELS, check_kernels, computable, plain_batch_norm, traced

__all__ = ["KERNELS", "check_kernels", "computable", "plain_batch_norm", "traced"]
