"""Configs of the checkout, and what they describe, built as their mm package builds it."""

import importlib
from typing import Any

from mmengine.config import Config
from mmengine.logging import MessageHub, MMLogger
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import DATASETS, METRICS, MODELS, DefaultScope
from mmengine.visualization import Visualizer

import relnas_mm  # noqa: F401  applies the compatibility layer
from helpers.processes import ROOT
from relnas_mm.launch import read_config

REGISTRIES = {
    "models": MODELS,
    "datasets": DATASETS,
    "evaluation": METRICS,
}
"""By the subpackage of an mm package that fills them."""


def read(name: str) -> Config:
    """A config below `configs/`, by its path without the ending."""
    return read_config(str(ROOT / "configs" / f"{name}.py"))


def read_untrained(name: str) -> Config:
    """The same, without the weights that its backbone would fetch."""
    config = read(name)
    config.model.backbone.init_cfg = None
    return config


def build(part: Any, scope: str, kind: str = "models") -> Any:
    """A part of a config.

    Args:
        part: Its settings.
        scope: The mm package, such as 'mmdet'.
        kind: One of `REGISTRIES`.

    Returns:
        The object; batch normalization of several processes is that of one.
    """
    importlib.import_module(f"{scope}.{kind}")
    with DefaultScope.overwrite_default_scope(scope):
        built = REGISTRIES[kind].build(part)
    return revert_sync_batchnorm(built) if kind == "models" else built


def forget_globals() -> None:
    """mmengine keeps the default scope, visualizers and loggers in globals, where the next test would find them."""
    for logger in MMLogger._instance_dict.values():
        for handler in logger.handlers:
            handler.close()
    for keeper in (DefaultScope, MMLogger, MessageHub, Visualizer, *Visualizer.__subclasses__()):
        keeper._instance_dict.clear()
