"""Triton kernels for the operations of a cell on CUDA: fewer passes over the feature maps, higher occupancy.

The feature maps of a search have few channels, and PyTorch's kernels for batch normalization and for depthwise weight
gradients assign each channel to one of over a hundred multiprocessors.  Here multiprocessors share the positions too;
ReLUs are fused into the kernel that reads a map, and batch statistics into the convolution that writes it.  Results
differ from PyTorch's by rounding.  Only `backend.py` is imported from outside, on demand: Triton comes with CUDA builds
of PyTorch only.
"""
