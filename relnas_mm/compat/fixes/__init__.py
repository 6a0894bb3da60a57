"""Fixes of the frozen OpenMMLab releases, applied when the module concerned is imported."""

from collections.abc import Callable

from relnas_mm.compat.fixes.analysis import complexity_of_inputs
from relnas_mm.compat.fixes.checkpoints import checkpoints_read_first, own_checkpoints
from relnas_mm.compat.fixes.configs import configs_formatted_once, indexes_read_once, own_configs, own_scope
from relnas_mm.compat.fixes.detectors import ssd_prediction
from relnas_mm.compat.fixes.stand_ins import compiled_ops, keypoint_evaluation, package_metadata

FIXES: tuple[Callable[[], None], ...] = (
    compiled_ops,
    keypoint_evaluation,
    package_metadata,
    own_checkpoints,
    checkpoints_read_first,
    ssd_prediction,
    own_configs,
    own_scope,
    indexes_read_once,
    configs_formatted_once,
    complexity_of_inputs,
)
"""Each installs an import hook; a fix that finds another inside than it expects changes nothing (`failures`)."""
