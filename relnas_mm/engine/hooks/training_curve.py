"""A plot of the training curves, updated during training."""

from pathlib import Path

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from relnas_mm.plots.training import draw_curves

PICTURE = "training_curve.png"


@HOOKS.register_module()
class TrainingCurveHook(Hook):
    """Plots loss and validation metric to `work_dir/training_curve.png` after each validation, including resumed runs.

    Args:
        metric: The metric to plot; `None` means the evaluator's first.
    """

    priority = "VERY_LOW"  # after the logger, whose file it reads

    def __init__(self, metric: str | None = None):
        self.metric = metric

    @master_only
    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Updates the plot."""
        metric = self.metric or next(iter(metrics or {}), None)
        if metric is not None:
            draw_curves(Path(runner.work_dir), metric, Path(runner.work_dir) / PICTURE)
