"""Fails early when a pose estimator and its data disagree."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from relnas_mm.errors import UserError


@HOOKS.register_module()
class JointCountHook(Hook):
    """Compares the `out_channels` of the head with the joints of each data set before it is used.

    Raises:
        UserError: They differ.
    """

    def before_train(self, runner: Runner) -> None:
        """Checks the training and the validation data."""
        self._check(runner, "train_dataloader", runner.train_dataloader)
        if runner.val_loop is not None:
            self._check(runner, "val_dataloader", runner.val_dataloader)

    def before_test(self, runner: Runner) -> None:
        """Checks the test data."""
        self._check(runner, "test_dataloader", runner.test_dataloader)

    def _check(self, runner: Runner, name: str, loader: Any) -> None:
        model: Any = runner.model.module if is_model_wrapper(runner.model) else runner.model
        joints = loader.dataset.metainfo["num_keypoints"]
        if joints != model.head.out_channels:
            raise UserError(
                f"model.head.out_channels is {model.head.out_channels}, but the persons of {name} have {joints} joints"
            )
