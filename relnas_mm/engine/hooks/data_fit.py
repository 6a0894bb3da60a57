"""Fails early when a model and its data disagree."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from relnas_mm.errors import UserError


class _DataFitHook(Hook):
    """Compares the model with each data set before it is used."""

    def before_train(self, runner: Runner) -> None:
        """Checks the training and the validation data."""
        self._check_loader(runner, "train_dataloader", runner.train_dataloader)
        if runner.val_loop is not None:
            self._check_loader(runner, "val_dataloader", runner.val_dataloader)

    def before_test(self, runner: Runner) -> None:
        """Checks the test data."""
        self._check_loader(runner, "test_dataloader", runner.test_dataloader)

    def _check_loader(self, runner: Runner, name: str, loader: Any) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        self.check(model, loader.dataset.metainfo, name)

    def check(self, model: Any, metainfo: dict[str, Any], name: str) -> None:
        """Compares a model with the meta information of the data set of a loader.

        Raises:
            UserError: They disagree.
        """
        raise NotImplementedError


@HOOKS.register_module()
class ClassCountHook(_DataFitHook):
    """Compares the `num_classes` of a classifier with the classes of the data."""

    def check(self, model: Any, metainfo: dict[str, Any], name: str) -> None:
        """Counts classes."""
        classes = metainfo["classes"]
        if len(classes) != model.num_classes:
            raise UserError(
                f"model.num_classes is {model.num_classes}, but the data of {name} have {len(classes)} classes "
                f"({', '.join(classes[:5])}{', …' if len(classes) > 5 else ''})"
            )


@HOOKS.register_module()
class JointCountHook(_DataFitHook):
    """Compares the `out_channels` of a pose estimator's head with the joints of the data."""

    def check(self, model: Any, metainfo: dict[str, Any], name: str) -> None:
        """Counts joints."""
        joints, channels = metainfo["num_keypoints"], model.head.out_channels
        if joints != channels:
            raise UserError(f"model.head.out_channels is {channels}, but the persons of {name} have {joints} joints")
