"""Hooks in MMEngine's root registry; those that need an mm package are modules of their own for `custom_imports`."""

from relnas_mm.engine.hooks.channels_last import ChannelsLastHook
from relnas_mm.engine.hooks.checkpoint_fit import CheckpointFitHook
from relnas_mm.engine.hooks.data_check import DataCheckHook
from relnas_mm.engine.hooks.draw_first import DrawFirstHook
from relnas_mm.engine.hooks.drop_path_schedule import DropPathScheduleHook
from relnas_mm.engine.hooks.finite_loss import FiniteLossHook
from relnas_mm.engine.hooks.pretrained_fit import PretrainedFitHook
from relnas_mm.engine.hooks.safe_checkpoint import SafeCheckpointHook
from relnas_mm.engine.hooks.training_curve import TrainingCurveHook
from relnas_mm.engine.hooks.validate_before_train import ValidateBeforeTrainHook
from relnas_mm.engine.hooks.worker_seed import WorkerSeedHook

__all__ = [
    "ChannelsLastHook",
    "CheckpointFitHook",
    "DataCheckHook",
    "DrawFirstHook",
    "DropPathScheduleHook",
    "FiniteLossHook",
    "PretrainedFitHook",
    "SafeCheckpointHook",
    "TrainingCurveHook",
    "ValidateBeforeTrainHook",
    "WorkerSeedHook",
]
