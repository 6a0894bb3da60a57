"""MMEngine hooks that configs name by type."""

from relnas_mm.engine.hooks import ChannelsLastHook, ValidateBeforeTrainHook

__all__ = ["ChannelsLastHook", "ValidateBeforeTrainHook"]
