"""The score of the untrained model, so that what training adds can be told."""

from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner


@HOOKS.register_module()
class ValidateBeforeTrainHook(Hook):
    """Runs the validation loop once before the first iteration; a resumed run skips it."""

    priority = "VERY_LOW"

    def before_train(self, runner: Runner) -> None:
        """Validates if nothing was trained yet."""
        if runner.iter == 0 and runner.val_loop is not None:
            runner.val_loop.run()
            runner.model.train()
