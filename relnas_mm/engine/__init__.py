"""MMEngine hooks that configs name by type."""

from relnas_mm.engine.hooks import ValidateBeforeTrainHook

__all__ = ["ValidateBeforeTrainHook"]
