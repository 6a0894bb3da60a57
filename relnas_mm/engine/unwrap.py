"""The model inside of MMEngine's wrappers."""

from typing import Any

from mmengine.model import BaseTTAModel, is_model_wrapper


def unwrapped(model: Any) -> Any:
    """The module that MMEngine loads weights into, without wrappers of several processes and augmented tests."""
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model
