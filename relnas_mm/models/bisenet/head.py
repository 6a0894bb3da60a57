"""BiSeNet's head.  Requires mmseg."""

from typing import Any

from mmengine.registry import MODELS
from mmseg.models.decode_heads import FCNHead
from torch import nn


@MODELS.register_module()
class BiSeNetHead(FCNHead):
    """One 3x3 convolution and a 1x1 classifier without bias and dropout.

    Args:
        **kwargs: As for mmseg's decode heads.
    """

    def __init__(self, **kwargs: Any):
        super().__init__(**{"num_convs": 1, "concat_input": False, "dropout_ratio": 0.0, **kwargs})
        self.conv_seg = nn.Conv2d(self.channels, self.out_channels, 1, bias=False)
