"""Draws predictions on the first test images only.  Requires mmdet."""

from collections.abc import Sequence
from typing import Any

from mmdet.engine.hooks import DetVisualizationHook
from mmdet.structures import DetDataSample
from mmengine.registry import HOOKS
from mmengine.runner import Runner


@HOOKS.register_module()
class DetSampleVisualizationHook(DetVisualizationHook):
    """mmdet's visualization hook, limited to the first `max_images` test images.

    Args:
        max_images: Maximum number of images to draw.
        **kwargs: Arguments of mmdet's `DetVisualizationHook`.
    """

    def __init__(self, max_images: int = 8, **kwargs: Any):
        super().__init__(**kwargs)
        self.max_images = max_images

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict, outputs: Sequence[DetDataSample]
    ) -> None:
        """Draws the batch's predictions until `max_images` are drawn."""
        left = self.max_images - self._test_index
        if left > 0:
            super().after_test_iter(runner, batch_idx, data_batch, outputs[:left])
