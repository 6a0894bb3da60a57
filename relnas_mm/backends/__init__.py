"""Who computes the layers of a network: plain PyTorch, faster PyTorch, or Triton; chosen once, by name.

Modules in `networks/` say what is computed and hold the weights; a backend says how.  All give the same results but for
rounding; `reference` adds in the order of the reference implementation, to the last digit.
"""

from relnas_mm.backends.feature_map import FeatureMap, as_feature_map
from relnas_mm.backends.reference import REFERENCE, Backend
from relnas_mm.backends.select import BACKENDS, check_backend, get_backend

__all__ = ["BACKENDS", "REFERENCE", "Backend", "FeatureMap", "as_feature_map", "check_backend", "get_backend"]
