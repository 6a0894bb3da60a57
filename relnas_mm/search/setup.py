"""Prepares the config of a search for MMEngine's Runner."""

from typing import Any

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch import nn


@MODELS.register_module()
class SearchModel(BaseModel):
    """Placeholder with one unused parameter: the Runner requires a model, but a search builds one per candidate."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("a search is run by its loop; this model cannot be called")


def with_runner_needs(config: Config) -> Config:
    """Adds the placeholders that the Runner requires for training: a model, a data loader and an optimizer.

    Args:
        config: The config of a search; changed in place, where it sets none of its own.
    """
    config.setdefault("model", {"type": "SearchModel"})
    config.setdefault("train_dataloader", ())
    config.setdefault("optim_wrapper", {"optimizer": {"type": "SGD", "lr": 0.0}})
    config.setdefault(
        "default_hooks", dict.fromkeys(("timer", "param_scheduler", "checkpoint", "sampler_seed", "logger"))
    )
    return config
