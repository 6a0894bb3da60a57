"""BiSeNet's context path.  Requires mmseg."""

from collections.abc import Sequence

from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmengine.registry import MODELS
from mmseg.models.backbones.bisenetv1 import AttentionRefinementModule
from mmseg.models.utils import resize
from mmseg.utils import ConfigType
from torch import Size, Tensor, nn


class ContextPath(BaseModule):
    """Refines features of stride 16 and 32 by attention, adds global context, and upsamples to the spatial path's size.

    Unlike mmseg's, it passes normalization and activation on to all its parts, needs two outputs of the backbone only,
    and supports any image size.

    Args:
        backbone: Config of a backbone with outputs of stride 16 and 32.
        in_channels: Channels of the backbone's outputs.
        channels: Channels of all other layers.
        norm_cfg: Normalization of all convolutions outside of the backbone.
        act_cfg: Activation of these convolutions, except in attention modules.
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
        """Computes context features.

        Args:
            x: Images, (n, 3, h, w).
            size: Height and width of the output of stride 8.

        Returns:
            Feature maps of stride 8, (n, channels, *size), and 16.
        """
        x16, x32 = self.backbone(x)
        context = self.arm32(x32) + self.pooled(x32)
        context16 = self.head32(resize(context, size=x16.shape[2:], mode="nearest"))
        context8 = self.head16(resize(self.arm16(x16) + context16, size=size, mode="nearest"))
        return context8, context16
