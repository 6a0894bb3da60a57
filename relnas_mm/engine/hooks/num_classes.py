"""Fails early when a classifier and its data disagree."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from relnas_mm.errors import UserError


@HOOKS.register_module()
class ClassCountHook(Hook):
    """Compares the `num_classes` of the model with the classes of each data set before it is used.

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
        classes = loader.dataset.metainfo["classes"]
        if len(classes) != model.num_classes:
            raise UserError(
                f"model.num_classes is {model.num_classes}, but the data of {name} have {len(classes)} classes "
                f"({', '.join(classes[:5])}{', …' if len(classes) > 5 else ''})"
            )
