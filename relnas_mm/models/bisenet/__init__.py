"""BiSeNet on searched backbones, as in the RelativeNAS paper.  Requires mmseg."""

from relnas_mm.models.bisenet.absolute_scale_norm import AbsoluteScaleNorm
from relnas_mm.models.bisenet.head import BiSeNetHead
from relnas_mm.models.bisenet.paths import BiSeNetPaths

__all__ = ["AbsoluteScaleNorm", "BiSeNetHead", "BiSeNetPaths"]
