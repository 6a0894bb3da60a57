"""A linear schedule of drop path."""

from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from relnas_mm.errors import UserError
from relnas_mm.networks import CellTrunk


@HOOKS.register_module()
class DropPathScheduleHook(Hook):
    """Sets the drop-path rate of cells to `max_rate * epoch / max_epochs` before each epoch.

    Args:
        max_rate: Limit of the rate, 0 <= max_rate < 1.  The reference implementation uses 0.3 on CIFAR and 0 on
            ImageNet.

    Raises:
        UserError: The rate is out of range, or the model has no cells.
    """

    def __init__(self, max_rate: float = 0.3):
        if not 0.0 <= max_rate < 1.0:
            raise UserError(f"max_rate of DropPathScheduleHook is {max_rate!r}; it must be at least 0 and below 1")
        self.max_rate = max_rate

    def before_train(self, runner: Runner) -> None:
        """Checks that the model has cells."""
        if not any(isinstance(module, CellTrunk) for module in runner.model.modules()):
            raise UserError("DropPathScheduleHook found no cells in the model; its backbone must be a CellBackbone")

    def before_train_epoch(self, runner: Runner) -> None:
        """Sets the rate, and logs it as `drop_path`."""
        rate = self.max_rate * runner.epoch / runner.max_epochs
        for module in runner.model.modules():
            if isinstance(module, CellTrunk):
                module.drop_path_rate = rate
        runner.message_hub.update_scalar("train/drop_path", rate)
