"""BiSeNet's feature fusion.  Requires mmcv."""

from typing import Any

import torch
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn


class FeatureFusion(BaseModule):
    """`f * gate(f) + f`, where `f` is a 1x1 convolution of both paths, concatenated.

    As in the reference implementation, the gate consists of two 1x1 convolutions on the global average, with a
    bottleneck of a quarter of the channels and without normalization (mmseg's has one convolution with batch
    normalization).

    Args:
        in_channels: Channels of both paths together.
        channels: Channels of the output.
        norm_cfg: Normalization of the convolution.
        act_cfg: Activation of the convolution.
    """

    def __init__(self, in_channels: int, channels: int, norm_cfg: dict[str, Any], act_cfg: dict[str, Any]):
        super().__init__()
        self.conv = ConvModule(in_channels, channels, 1, norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, channels // 4, 1, bias=False),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels // 4, channels, 1, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, spatial: Tensor, context: Tensor) -> Tensor:
        """Fuses both paths, (n, c, h, w) each, to (n, channels, h, w)."""
        fused = self.conv(torch.cat((spatial, context), dim=1))
        return fused * self.gate(fused) + fused
