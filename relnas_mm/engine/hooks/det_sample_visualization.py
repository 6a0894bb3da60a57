"""A few predictions drawn over test images instead of all of them.  Needs mmdet, and is registered after it."""

from collections.abc import Sequence
from typing import Any

from mmdet.engine.hooks import DetVisualizationHook
from mmdet.structures import DetDataSample
from mmengine.registry import HOOKS
from mmengine.runner import Runner


@HOOKS.register_module()
class DetSampleVisualizationHook(DetVisualizationHook):
    """mmdet's visualization hook, ending after `max_images` test images.

    Args:
        max_images: How many test images are drawn.
        **kwargs: As for mmdet's `DetVisualizationHook`.
    """

    def __init__(self, max_images: int = 8, **kwargs: Any):
        super().__init__(**kwargs)
        self.max_images = max_images

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict, outputs: Sequence[DetDataSample]
    ) -> None:
        """Draws this batch's predictions while fewer than `max_images` were drawn."""
        left = self.max_images - self._test_index
        if left > 0:
            super().after_test_iter(runner, batch_idx, data_batch, outputs[:left])
