"""BiSeNet's two paths and their fusion as a backbone of mmseg's EncoderDecoder.  Needs mmseg."""

from collections.abc import Sequence

from mmengine.model import BaseModule
from mmengine.registry import MODELS
from mmseg.models.backbones.bisenetv1 import SpatialPath
from mmseg.utils import ConfigType, OptConfigType, OptMultiConfig
from torch import Tensor

from relnas_mm.models.bisenet.context import ContextPath
from relnas_mm.models.bisenet.fusion import FeatureFusion


@MODELS.register_module()
class BiSeNetPaths(BaseModule):
    """A spatial path at stride 8, a context path on any backbone, and their fusion.

    Any image size works: maps have `ceil(side / stride)`, and upsampling goes to the size of the next finer map, which
    is twice as large where the image's sides are multiples of 32.

    Args:
        backbone: A backbone that gives maps of stride 16 and 32, such as `CellBackbone` with `out_indices=(1, 2)`.
        in_channels: Channels of these two.
        context_channels: Channels of the context path.
        spatial_channels: Channels of the four convolutions of the spatial path.
        out_channels: Channels of the fused map.
        norm_cfg: Normalization of everything but the backbone; batch normalization without it.
        act_cfg: Activation of everything but the backbone and the gates; leaky ReLU of slope 0.01 without it.
        init_cfg: As in any mm module.
    """

    def __init__(
        self,
        backbone: ConfigType,
        in_channels: Sequence[int] = (368, 736),
        context_channels: int = 128,
        spatial_channels: Sequence[int] = (64, 64, 64, 128),
        out_channels: int = 256,
        norm_cfg: OptConfigType = None,
        act_cfg: OptConfigType = None,
        init_cfg: OptMultiConfig = None,
    ):
        super().__init__(init_cfg=init_cfg)  # type: ignore[arg-type]
        norm_cfg = norm_cfg or {"type": "BN"}
        act_cfg = act_cfg or {"type": "LeakyReLU", "negative_slope": 0.01}
        self.context_path = ContextPath(backbone, in_channels, context_channels, norm_cfg, act_cfg)
        self.spatial_path = SpatialPath(3, spatial_channels, norm_cfg=norm_cfg, act_cfg=act_cfg)  # type: ignore[arg-type]
        self.ffm = FeatureFusion(spatial_channels[-1] + context_channels, out_channels, norm_cfg, act_cfg)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Maps for the three heads.

        Args:
            x: Images, (n, 3, h, w).

        Returns:
            The fused map, (n, out_channels, ceil(h / 8), ceil(w / 8)), and the context at strides 8 and 16,
            (n, context_channels, …) each.
        """
        spatial = self.spatial_path(x)
        context8, context16 = self.context_path(x, spatial.shape[2:])
        return self.ffm(spatial, context8), context8, context16
