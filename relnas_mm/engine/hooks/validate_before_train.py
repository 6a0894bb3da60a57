"""Validation of the untrained model, as a baseline of training."""

from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner


@HOOKS.register_module()
class ValidateBeforeTrainHook(Hook):
    """Runs the validation loop once before the first iteration; a resumed run skips it."""

    priority = "VERY_LOW"

    def before_train(self, runner: Runner) -> None:
        """Validates at iteration 0."""
        if runner.iter == 0 and runner.val_loop is not None:
            runner.val_loop.run()
            runner.model.train()
