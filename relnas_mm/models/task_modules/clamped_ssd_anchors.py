"""SSD anchors that are at most as large as the image.  Requires mmdet."""

from typing import Any

import torch
from mmdet.models.task_modules import SSDAnchorGenerator
from mmengine.registry import TASK_UTILS
from torch import Tensor


@TASK_UTILS.register_module()
class ClampedSSDAnchorGenerator(SSDAnchorGenerator):
    """SSD anchors whose width and height, but not center, are clamped to the image.

    This is how the reference implementation of SSDLite clamps its priors; corners may still be outside of the image.

    Args:
        input_size: Height and width of the input image, in pixels.
        **kwargs: As for mmdet's `SSDAnchorGenerator`.
    """

    def __init__(self, *args: Any, input_size: int = 300, **kwargs: Any):
        self.input_size = input_size
        super().__init__(*args, input_size=input_size, **kwargs)

    def gen_base_anchors(self) -> list[Tensor]:
        """Anchors of one position per level, (anchors, 4) each, corners in pixels."""
        return [self._clamp(anchors) for anchors in super().gen_base_anchors()]

    def _clamp(self, anchors: Tensor) -> Tensor:
        centers = (anchors[:, :2] + anchors[:, 2:]) / 2
        halves = (anchors[:, 2:] - anchors[:, :2]).clamp(max=self.input_size) / 2
        return torch.cat((centers - halves, centers + halves), dim=1)
