"""A feature map that several operations read."""

import torch.nn.functional as F
from torch import Tensor


class FeatureMap:
    """A feature map, and its ReLU, which is computed once for all readers that share it.

    Args:
        value: Shape (n, c, h, w).
    """

    def __init__(self, value: Tensor):
        self.value = value
        self._relu: Tensor | None = None

    def shared_relu(self) -> Tensor:
        """The ReLU; nobody may change it in place."""
        if self._relu is None:
            self._relu = F.relu(self.value)
        return self._relu


def as_feature_map(x: "Tensor | FeatureMap") -> FeatureMap:
    """A tensor as a feature map with one reader."""
    return x if isinstance(x, FeatureMap) else FeatureMap(x)
