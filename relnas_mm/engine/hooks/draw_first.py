"""Draws predictions on the first test images only, whatever mm package draws them."""

from collections.abc import Callable, Sequence
from typing import Any

from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from relnas_mm.errors import UserError

DRAWING = "VisualizationHook"
"""End of the names of the hooks that draw."""


@HOOKS.register_module()
class DrawFirstHook(Hook):
    """Limits the visualization hook of mmdet, mmseg or mmpose to the first test images.

    Args:
        count: Number of images that each process draws, from 0 on.

    Raises:
        UserError: `count` is negative.
    """

    def __init__(self, count: int):
        if count < 0:
            raise UserError(f"the number of images to draw is {count}; it must not be negative")
        self.count = count

    def before_test(self, runner: Runner) -> None:
        """Limits the hooks that draw."""
        for hook in runner.hooks:
            if type(hook).__name__.endswith(DRAWING):
                hook.after_test_iter = _limited(hook.after_test_iter, self.count)  # type: ignore[method-assign]


def _limited(draw: Callable[..., None], count: int) -> Callable[..., None]:
    """A method that draws the outputs of a batch until `count` are drawn."""
    left = count

    def drawn(runner: Runner, batch_idx: int, data_batch: Any = None, outputs: "Sequence[Any] | None" = None) -> None:
        nonlocal left
        if left > 0 and outputs:
            draw(runner, batch_idx, data_batch=data_batch, outputs=outputs[:left])
            left -= len(outputs[:left])

    return drawn
