"""The context path: what is where, from a backbone's two coarsest maps.  Needs mmseg."""

from collections.abc import Sequence

from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmengine.registry import MODELS
from mmseg.models.backbones.bisenetv1 import AttentionRefinementModule
from mmseg.models.utils import resize
from mmseg.utils import ConfigType
from torch import Size, Tensor, nn


class ContextPath(BaseModule):
    """Refines the maps of stride 16 and 32 by gates, adds the global mean, and upsamples to the fine map's size.

    Unlike mmseg's, it hands normalization and activation on to all its parts, takes two maps, and finds the size of
    the finest one without computing it.

    Args:
        backbone: A backbone that gives maps of stride 16 and 32.
        in_channels: Channels of these two.
        channels: Of everything that comes after.
        norm_cfg: Normalization of all convolutions outside of the backbone.
        act_cfg: Their activation; the gates have none but the sigmoid.
    """

    def __init__(
        self, backbone: ConfigType, in_channels: Sequence[int], channels: int, norm_cfg: ConfigType, act_cfg: ConfigType
    ):
        super().__init__()
        layers = {"norm_cfg": norm_cfg, "act_cfg": act_cfg}
        fine, coarse = in_channels
        self.backbone = MODELS.build(backbone)
        self.arm16 = AttentionRefinementModule(fine, channels, **layers)  # type: ignore[arg-type]
        self.arm32 = AttentionRefinementModule(coarse, channels, **layers)  # type: ignore[arg-type]
        self.head16 = ConvModule(channels, channels, 3, padding=1, **layers)  # type: ignore[arg-type]
        self.head32 = ConvModule(channels, channels, 3, padding=1, **layers)  # type: ignore[arg-type]
        self.pooled = nn.Sequential(nn.AdaptiveAvgPool2d(1), ConvModule(coarse, channels, 1, **layers))  # type: ignore[arg-type]

    def forward(self, x: Tensor, size: Size) -> tuple[Tensor, Tensor]:
        """Context at two sizes.

        Args:
            x: Images, (n, 3, h, w).
            size: Height and width of the map of stride 8.

        Returns:
            Maps of stride 8, (n, channels, *size), and 16.
        """
        x16, x32 = self.backbone(x)
        context = self.arm32(x32) + self.pooled(x32)
        context16 = self.head32(resize(context, size=x16.shape[2:], mode="nearest"))
        context8 = self.head16(resize(self.arm16(x16) + context16, size=size, mode="nearest"))
        return context8, context16
