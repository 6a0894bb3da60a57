"""Joining detail and context.  Needs mmcv."""

from typing import Any

import torch
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn


class FeatureFusion(BaseModule):
    """`f * gate(f) + f`, with `f` a 1x1 convolution of both paths side by side.

    The gate is made of two 1x1 convolutions on the mean over all places, the inner one a quarter as wide, without
    normalization (mmseg's has one convolution with batch normalization).

    Args:
        in_channels: Channels of both paths together.
        channels: Channels of the result.
        norm_cfg: Normalization of the convolution.
        act_cfg: Its activation.
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
        """Both paths, (n, c, h, w) each, become (n, channels, h, w)."""
        fused = self.conv(torch.cat((spatial, context), dim=1))
        return fused * self.gate(fused) + fused
