"""Explains batch normalization over a single value per channel, which is undefined."""

from functools import partial
from typing import Any

from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from relnas_mm.errors import UserError


@HOOKS.register_module()
class SingleValueNormHook(Hook):
    """Ends training with an explanation where batch normalization sees a single value per channel.

    This happens after global pooling (BiSeNet's attention modules, the image pooling of DeepLab) with a batch of one
    image. `SyncBatchNorm` in several processes is exempt, as it sees the images of all.
    """

    def before_train(self, runner: Runner) -> None:
        """Registers the check on the layers of the model."""
        for name, module in runner.model.named_modules():
            synchronized = isinstance(module, nn.SyncBatchNorm) and get_world_size() > 1
            if isinstance(module, _BatchNorm) and not synchronized:
                module.register_forward_pre_hook(partial(_refuse_single_values, name.removeprefix("module.")))


def _refuse_single_values(name: str, module: Any, inputs: tuple[Tensor, ...]) -> None:
    if module.training and inputs[0].numel() == inputs[0].shape[1]:
        raise UserError(
            f"the batch normalization {name!r} sees one value of each channel, since the batch is one image; "
            "set train_dataloader.batch_size to 2 or more, or a norm_cfg without batch statistics such as GN"
        )
