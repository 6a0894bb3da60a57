"""Triton kernels for the operations of a cell on CUDA: fewer passes over the maps, and more of the device at work.

The feature maps of a search have few channels, and PyTorch's kernels for normalization and for the gradient of
depthwise weights give each channel to one of a hundred multiprocessors.  Here all of them share the positions; a ReLU
is applied where a map is read, and normalization where the convolution before it has the values at hand.  Results
differ from PyTorch's by rounding.  `backend.py` alone is imported from outside, and only when it is asked for: Triton
comes with CUDA builds of PyTorch only.
"""
