"""Prepares the config of a search for MMEngine's Runner."""

from typing import Any

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch import nn

from relnas_mm.search.budget import file_sha256


@MODELS.register_module()
class SearchModel(BaseModel):
    """Placeholder with one unused parameter: the Runner requires a model, but a search builds one per candidate."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("a search is run by its loop; this model cannot be called")


def pin_latency_table(config: Config) -> None:
    """Adds the hash of the budget's latency table, so that a search is not resumed with another one.

    Args:
        config: The config of a search; changed in place.

    Raises:
        UserError: The table cannot be read.
    """
    budget: Any = (config.get("train_cfg") or {}).get("budget") or {}
    if budget.get("latency_table"):
        budget["latency_table_sha256"] = file_sha256(budget["latency_table"])


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
