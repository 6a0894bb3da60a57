"""SSD anchors that are never larger than the image.  Needs mmdet."""

from typing import Any

import torch
from mmdet.models.task_modules import SSDAnchorGenerator
from mmengine.registry import TASK_UTILS
from torch import Tensor


@TASK_UTILS.register_module()
class ClampedSSDAnchorGenerator(SSDAnchorGenerator):
    """SSD anchors clamped in centre form: width and height are cut to the image, the centre stays.

    This is what the released SSDLite does to its priors; corners may still lie outside of the image.

    Args:
        input_size: Side of the square input image, in pixels.
        **kwargs: As for mmdet's `SSDAnchorGenerator`.
    """

    def __init__(self, *args: Any, input_size: int = 300, **kwargs: Any):
        self.input_size = input_size
        super().__init__(*args, input_size=input_size, **kwargs)

    def gen_base_anchors(self) -> list[Tensor]:
        """Anchors of one place of each grid, (anchors, 4) per level, corners in pixels."""
        return [self._clamp(anchors) for anchors in super().gen_base_anchors()]

    def _clamp(self, anchors: Tensor) -> Tensor:
        centers = (anchors[:, :2] + anchors[:, 2:]) / 2
        halves = (anchors[:, 2:] - anchors[:, :2]).clamp(max=self.input_size) / 2
        return torch.cat((centers - halves, centers + halves), dim=1)
