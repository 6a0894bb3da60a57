"""Channels last in memory: what depthwise and pointwise convolutions are fastest with."""

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Lays the weights of the model out with channels last; convolutions pass the layout on to their maps.

    Values and checkpoints stay the same up to the order of summation.
    """

    priority = "VERY_HIGH"

    def before_run(self, runner: Runner) -> None:
        """Converts the model in place."""
        runner.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
