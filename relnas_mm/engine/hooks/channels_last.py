"""Channels-last memory format, in which depthwise and pointwise convolutions are fastest."""

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Converts the model's weights to channels-last, which convolutions propagate to feature maps.

    Results differ by rounding only, and checkpoints are not affected.
    """

    priority = "VERY_HIGH"

    def before_run(self, runner: Runner) -> None:
        """Converts the model in place."""
        runner.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
