"""What MMEngine's Runner holds in place of a model while a search runs."""

from typing import Any

import torch
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch import nn


@MODELS.register_module()
class SearchModel(BaseModel):
    """One unused parameter: a search builds its own network for each candidate, but the Runner insists on a model."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("a search is run by SearchLoop; its model cannot be called")
