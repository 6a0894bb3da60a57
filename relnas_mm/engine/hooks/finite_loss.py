"""Trainings that diverge end before their weights reach a checkpoint."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from relnas_mm.errors import UserError


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Ends a training whose loss or weights are NaN or infinite.

    Losses are looked at before each validation and checkpoint, too; parameters before each checkpoint.

    Args:
        interval: Iterations between two looks at the losses on a GPU, as each waits for it; on CPUs it is 1.

    Raises:
        UserError: `interval` is less than 1; in training, a loss or a parameter is not finite.
    """

    def __init__(self, interval: int = 50):
        if interval < 1:
            raise UserError(f"interval of FiniteLossHook is {interval!r}; it must be at least 1")
        self.interval = interval
        self._seen: list[tuple[int, dict[str, Any]]] = []

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict[str, Any] | None = None
    ) -> None:
        """Keeps the losses of an iteration, and looks at them if it is time."""
        if losses := _losses(outputs):
            self._seen.append((runner.iter + 1, losses))
        on_gpu = any(isinstance(value, torch.Tensor) and value.is_cuda for value in losses.values())
        if len(self._seen) >= (self.interval if on_gpu else 1):
            self._look(runner)

    def before_val(self, runner: Runner) -> None:
        """Looks at the losses since the last look."""
        self._look(runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Looks at the losses since the last look, and at the parameters."""
        self._look(runner)
        for name, parameter in runner.model.named_parameters():
            if not parameter.isfinite().all():
                raise UserError(
                    f"the parameter {name!r} is not finite after iteration {runner.iter}, so no checkpoint is written; "
                    + _advice(runner)
                )

    def _look(self, runner: Runner) -> None:
        for iteration, losses in self._seen:
            values = {name: float(value) for name, value in losses.items()}
            if wrong := [f"{name} is {value}" for name, value in values.items() if not math.isfinite(value)]:
                raise UserError(f"training diverged: {', '.join(wrong)} in iteration {iteration}; {_advice(runner)}")
        self._seen.clear()


def _losses(outputs: Mapping[str, Any] | None) -> dict[str, Any]:
    """The losses among what a model returns for the log; other figures, such as accuracies, may be undefined."""
    found = {name: value for name, value in (outputs or {}).items() if "loss" in name}
    return {name: value.detach() if isinstance(value, torch.Tensor) else value for name, value in found.items()}


def _advice(runner: Runner) -> str:
    wrapper: Any = runner.optim_wrapper
    rates = {} if wrapper is None else wrapper.get_lr()
    found = sorted({rate for group in rates.values() for rate in group}, reverse=True)
    now = f" (it is {found[0]:g})" if found else ""
    return f"lower the learning rate{now}, warm it up or clip gradients, and check inputs and annotations"
