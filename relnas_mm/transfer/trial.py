"""One training step and one prediction of a model on noise: whether its parts fit together."""

import contextlib
import importlib
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from mmengine.config import ConfigDict
from mmengine.logging import MessageHub
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import MODELS, DefaultScope
from torch import nn

from relnas_mm.errors import UserError
from relnas_mm.models.backbones.staged import StagedBackbone
from relnas_mm.transfer.noise import in_branches, noise

LEARNING_RATE, MAX_NORM = 1e-4, 1.0
CHECKPOINTS = ("teacher_ckpt", "eval_teacher_ckpt", "pretrained", "checkpoint")
LEARNING_TRACKERS = ("QDTrack", "MaskTrackRCNN")
"""Trackers that learn more than their detector."""


class Unfit(UserError):
    """A model builds, but does not train."""


def trial(model: Mapping[str, Any], config: Mapping[str, Any], scope: str) -> dict[str, float]:
    """Builds a model, trains it for one step, and predicts once.

    Args:
        model: Its settings; no weights are loaded.
        config: The whole config, of which pose estimators need the codec.
        scope: The mm package of its types.

    Returns:
        The losses.

    Raises:
        Unfit: A parameter of a cell gets no gradient, or a loss is not finite.
        Exception: Whatever the model raises if its parts do not fit.
    """
    settings = ConfigDict(_on_small_images(_in_one_process(without_weights(_detector_of(model)))))
    importlib.import_module(f"{scope}.models")
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope(scope), _quiet():
        built: Any = revert_sync_batchnorm(MODELS.build(settings))
        built.init_weights()
        batch = noise(settings, config, scope, training=True)
        built.train()
        MessageHub.get_current_instance().update_info("epoch", 0)  # which the Runner does otherwise
        if "semi_train_cfg" in settings:
            batch = in_branches(batch)
        data = built.data_preprocessor(batch, True)
        loss, losses = built.parse_losses(built(**data, mode="loss"))
        loss.backward()
        _check(built, losses)
        trained = [parameter for parameter in built.parameters() if parameter.requires_grad]
        nn.utils.clip_grad_norm_(trained, MAX_NORM)
        torch.optim.SGD(trained, LEARNING_RATE).step()
        built.eval()
        with torch.no_grad():
            tested = noise(settings, config, scope, training=False)
            built.test_step({key: values[:1] for key, values in tested.items()})
    return {name: float(value.detach()) for name, value in losses.items()}


def without_weights(settings: Any) -> Any:
    """Settings without checkpoints, also of teachers, which would be fetched."""
    if isinstance(settings, Mapping):
        return {
            key: None if key in CHECKPOINTS or _is_pretrained(key, value) else without_weights(value)
            for key, value in settings.items()
        }
    return type(settings)(map(without_weights, settings)) if isinstance(settings, (list, tuple)) else settings


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without mmengine's line for each parameter that it initializes."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _is_pretrained(key: str, value: Any) -> bool:
    return key == "init_cfg" and isinstance(value, Mapping) and value.get("type") in ("Pretrained", "PretrainedInit")


def _in_one_process(settings: Any) -> Any:
    """Settings whose normalization needs no other processes, not even while it is built."""
    if isinstance(settings, Mapping):
        return {
            key: "BN" if key == "type" and value in ("SyncBN", "MMSyncBN") else _in_one_process(value)
            for key, value in settings.items()
        }
    return type(settings)(map(_in_one_process, settings)) if isinstance(settings, (list, tuple)) else settings


def _detector_of(model: Mapping[str, Any]) -> Mapping[str, Any]:
    """The detector of a tracker that only learns by it; other models themselves."""
    if "tracker" not in model or "detector" not in model or model["type"] in LEARNING_TRACKERS:
        return model
    preprocessor = {"type": "DetDataPreprocessor", "pad_mask": True, "pad_size_divisor": 32}
    return {"data_preprocessor": preprocessor, **model["detector"]}


def _on_small_images(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings whose preprocessor does not enlarge images to the size of the config's crops."""
    for preprocessor in _preprocessors(settings):
        if preprocessor.get("batch_augments"):
            preprocessor["batch_augments"] = None
        if "SegDataPreProcessor" in str(preprocessor.get("type")):
            preprocessor.pop("size", None)
            preprocessor["size_divisor"] = 32
        if preprocessor.get("test_cfg"):
            preprocessor["test_cfg"] = None
    return settings


def _preprocessors(settings: Any) -> Iterator[dict[str, Any]]:
    if isinstance(settings, dict):
        for key, value in settings.items():
            if key == "data_preprocessor" and isinstance(value, dict):
                yield value
            yield from _preprocessors(value)


def _check(built: nn.Module, losses: Mapping[str, torch.Tensor]) -> None:
    cells = [(name, part) for name, part in built.named_modules() if isinstance(part, StagedBackbone)]
    trained = [(name, part) for name, part in cells if any(p.requires_grad for p in part.parameters())]
    if not trained:
        raise Unfit("the model has no backbone of this package that trains")
    for name, part in trained:
        idle = [key for key, value in part.named_parameters() if value.requires_grad and value.grad is None]
        if idle:
            raise Unfit(f"{len(idle)} parameters of {name} get no gradient, such as {idle[-1]}")
    infinite = [name for name, value in losses.items() if not torch.isfinite(value).all()]
    if infinite:
        raise Unfit(f"the losses {', '.join(infinite)} are not finite")
