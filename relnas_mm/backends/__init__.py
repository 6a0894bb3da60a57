"""Backends compute the layers of a network: plain PyTorch, faster PyTorch or Triton kernels.

Modules in `networks/` define what is computed and hold the weights; a backend, chosen once by name, defines how.
Backends agree up to rounding; `reference` is bit-identical to the reference implementation.
"""

from relnas_mm.backends.feature_map import FeatureMap, as_feature_map
from relnas_mm.backends.reference import REFERENCE, Backend
from relnas_mm.backends.select import BACKENDS, check_backend, get_backend

__all__ = ["BACKENDS", "REFERENCE", "Backend", "FeatureMap", "as_feature_map", "check_backend", "get_backend"]
