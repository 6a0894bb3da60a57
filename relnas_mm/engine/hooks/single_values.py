"""Batch normalization of one value, which is undefined: a sentence instead of a traceback."""

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
    """Ends training with one sentence where a layer would normalize over a single value of each channel.

    This is what global pooling (BiSeNet's gates, the image pooling of DeepLab) gives for a batch of one image.
    Synchronized layers of several processes are left alone: they see the images of all.
    """

    def before_train(self, runner: Runner) -> None:
        """Watches the layers of the model."""
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
