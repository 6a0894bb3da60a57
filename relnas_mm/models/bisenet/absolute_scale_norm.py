"""The scale of InPlaceABN on any normalization."""

from typing import Any

import torch
from mmcv.cnn import build_norm_layer
from mmengine.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class AbsoluteScaleNorm(nn.Module):
    """Scales by `|weight| + eps` instead of `weight`, as InPlaceABN does, which the released BiSeNet is built of.

    Its activation, leaky ReLU of slope 0.01, is the `act_cfg` of whatever module this is in.

    Args:
        num_features: Channels.
        eps: Added to the variance, and to the scale.
        norm: What normalizes, as mmcv's `build_norm_layer` takes it; 'BN' without it, 'SyncBN' in the release.
    """

    _abbr_ = "bn"
    """The name that mmcv's `ConvModule` gives it."""

    def __init__(self, num_features: int, eps: float = 1e-5, norm: dict[str, Any] | None = None):
        super().__init__()
        self.eps = eps
        settings = {**(norm or {"type": "BN"}), "affine": False, "eps": eps}
        self.norm: nn.Module = build_norm_layer(settings, num_features)[1]
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))

    def forward(self, x: Tensor) -> Tensor:
        """Normalizes maps, (n, num_features, h, w)."""
        scale, shift = (part[:, None, None] for part in (self.weight.abs() + self.eps, self.bias))
        return self.norm(x) * scale + shift
