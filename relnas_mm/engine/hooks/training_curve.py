"""A picture of the training that grows with it."""

from pathlib import Path

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from relnas_mm.plots.training import draw_curves

PICTURE = "training_curve.png"


@HOOKS.register_module()
class TrainingCurveHook(Hook):
    """Draws loss and validation metric into `work_dir/training_curve.png` after each validation, resumed runs included.

    Args:
        metric: The metric to draw; `None` takes the first one that the evaluator gives.
    """

    priority = "VERY_LOW"  # after the logger, whose file is read

    def __init__(self, metric: str | None = None):
        self.metric = metric

    @master_only
    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Draws the picture anew."""
        metric = self.metric or next(iter(metrics or {}), None)
        if metric is not None:
            draw_curves(Path(runner.work_dir), metric, Path(runner.work_dir) / PICTURE)
