"""Hooks in MMEngine's root registry; those that need an mm package are modules of their own for `custom_imports`."""

from relnas_mm.engine.hooks.channels_last import ChannelsLastHook
from relnas_mm.engine.hooks.validate_before_train import ValidateBeforeTrainHook

__all__ = ["ChannelsLastHook", "ValidateBeforeTrainHook"]
