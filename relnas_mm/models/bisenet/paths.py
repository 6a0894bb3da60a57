"""BiSeNet's two paths and their fusion as a backbone of mmseg's EncoderDecoder.  Requires mmseg."""

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

    Any image size works: feature maps have size `ceil(size / stride)`, and are upsampled to the size of the next finer
        one.

    Args:
        backbone: Config of a backbone with outputs of stride 16 and 32, such as `CellBackbone` with
            `out_indices=(1, 2)`.
        in_channels: Channels of the backbone's outputs.
        context_channels: Channels of the context path.
        spatial_channels: Channels of the four convolutions of the spatial path.
        out_channels: Channels of the fused features.
        norm_cfg: Normalization outside of the backbone; by default batch normalization.
        act_cfg: Activation outside of the backbone and gates; by default leaky ReLU of slope 0.01.
        init_cfg: As for any mm module.
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
        """Computes the features of the three heads.

        Args:
            x: Images, (n, 3, h, w).

        Returns:
            The fused features, (n, out_channels, ceil(h / 8), ceil(w / 8)), and the context features of stride 8 and
            16, (n, context_channels, …) each.
        """
        spatial = self.spatial_path(x)
        context8, context16 = self.context_path(x, spatial.shape[2:])
        return self.ffm(spatial, context8), context8, context16
