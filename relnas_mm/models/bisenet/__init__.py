"""BiSeNet on the backbones of cell search, as the RelativeNAS paper uses it.  Needs mmseg."""

from relnas_mm.models.bisenet.absolute_scale_norm import AbsoluteScaleNorm
from relnas_mm.models.bisenet.head import BiSeNetHead
from relnas_mm.models.bisenet.paths import BiSeNetPaths

__all__ = ["AbsoluteScaleNorm", "BiSeNetHead", "BiSeNetPaths"]
