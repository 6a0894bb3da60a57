"""A feature map read by several operations."""

import torch.nn.functional as F
from torch import Tensor


class FeatureMap:
    """A feature map and its ReLU, computed at most once.

    Args:
        value: Shape (n, c, h, w).
    """

    def __init__(self, value: Tensor):
        self.value = value
        self._relu: Tensor | None = None

    @classmethod
    def activated(cls, value: Tensor) -> "FeatureMap":
        """A feature map without negative values, whose ReLU is the map itself."""
        found = cls(value)
        found._relu = value
        return found

    def shared_relu(self) -> Tensor:
        """The ReLU of the map, shared by its readers: never modify it in place."""
        if self._relu is None:
            self._relu = F.relu(self.value)
        return self._relu


def as_feature_map(x: "Tensor | FeatureMap") -> FeatureMap:
    """Wraps a tensor; a feature map is returned as it is."""
    return x if isinstance(x, FeatureMap) else FeatureMap(x)
