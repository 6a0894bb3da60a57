"""Channels-last memory format, in which depthwise and pointwise convolutions are fastest."""

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch.nn.parallel import DistributedDataParallel

from relnas_mm.errors import UserError


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Converts the model's weights to channels-last, which convolutions propagate to feature maps.

    Results differ by rounding only, and checkpoints are not affected.

    Raises:
        UserError: The model is sharded (FSDP, DeepSpeed), so that its weights have no layout.
    """

    priority = "VERY_HIGH"

    def before_run(self, runner: Runner) -> None:
        """Converts the model in place.

        A distributed model is wrapped again: DistributedDataParallel lays out its buckets when it wraps, and with the
        earlier layout the gradients of the first iteration are permuted (torch 2.11).
        """
        wrapped = runner.model
        if not is_model_wrapper(wrapped):
            _convert(wrapped)
        elif isinstance(wrapped, DistributedDataParallel):
            _convert(wrapped.module)
            runner.model = runner.wrap_model(runner.cfg.get("model_wrapper_cfg"), wrapped.module)
        else:
            raise UserError(
                f"ChannelsLastHook cannot convert a {type(wrapped).__name__}; it needs a model that is not sharded, so "
                "leave the hook out or train with DistributedDataParallel"
            )


def _convert(model: torch.nn.Module) -> None:
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
