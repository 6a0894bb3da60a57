"""InPlaceABN's affine transformation for any normalization."""

from typing import Any

import torch
from mmcv.cnn import build_norm_layer
from mmengine.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class AbsoluteScaleNorm(nn.Module):
    """Scales by `|weight| + eps` instead of `weight`, as InPlaceABN in the reference implementation of BiSeNet does.

    InPlaceABN's activation, leaky ReLU of slope 0.01, is the `act_cfg` of the surrounding module.

    Args:
        num_features: Number of channels.
        eps: Added to the variance, and to the scale.
        norm: Config of the normalization, as for mmcv's `build_norm_layer`; 'BN' by default, 'SyncBN' in the reference
            implementation.
    """

    _abbr_ = "bn"
    """Attribute name in mmcv's `ConvModule`."""

    def __init__(self, num_features: int, eps: float = 1e-5, norm: dict[str, Any] | None = None):
        super().__init__()
        self.eps = eps
        settings = {**(norm or {"type": "BN"}), "affine": False, "eps": eps}
        self.norm: nn.Module = build_norm_layer(settings, num_features)[1]
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))

    def forward(self, x: Tensor) -> Tensor:
        """Normalizes feature maps, (n, num_features, h, w)."""
        scale, shift = (part[:, None, None] for part in (self.weight.abs() + self.eps, self.bias))
        return self.norm(x) * scale + shift
