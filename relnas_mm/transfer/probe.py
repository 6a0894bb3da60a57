"""Channels and strides of any backbone, by running it once on zeros."""

import importlib
from collections.abc import Mapping
from typing import Any

import torch
from mmengine.registry import MODELS, DefaultScope

from relnas_mm.checks.config import without_initial_weights
from relnas_mm.errors import UserError, shortened
from relnas_mm.networks.feature_info import FeatureInfo

SIDE = 256
"""Side of the image; a multiple of every stride."""
STRIDES_OF_SOME = {1: (32,), 2: (16, 32), 3: (8, 16, 32), 4: (4, 8, 16, 32)}
"""Usual strides of a backbone with so many outputs."""


class NotFeatureMaps(UserError):
    """A backbone does not give one feature map at each of its outputs."""


def probe(backbone: Mapping[str, Any], scope: str) -> list[FeatureInfo]:
    """Builds a backbone without its weights, and runs it.

    Args:
        backbone: Its settings.
        scope: The mm package in which its type is known.

    Raises:
        NotFeatureMaps: It reads no images, or gives something else than feature maps.
        KeyError: Its type is known to no installed package.
    """
    importlib.import_module(f"{scope}.models")
    with DefaultScope.overwrite_default_scope(scope):
        built = MODELS.build(without_initial_weights(backbone))
    built.eval()  # backbones of mm packages return nothing here
    try:
        with torch.no_grad():
            outputs = built(torch.zeros(1, 3, SIDE, SIDE))
    except Exception as error:  # any layer may object to the shape
        reason = shortened(f"{type(error).__name__}: {error}".splitlines()[0], 160)
        raise NotFeatureMaps(f"cannot be run on an image of {SIDE}x{SIDE} ({reason})") from None
    maps = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    if not all(torch.is_tensor(each) and each.ndim == 4 for each in maps):
        raise NotFeatureMaps("gives something else than a list of feature maps")
    return [FeatureInfo(each.shape[1], round(SIDE / each.shape[2])) for each in maps]


def assumed(channels: Any) -> list[FeatureInfo] | None:
    """What a backbone that cannot be built outputs, by what the next part reads; `None` if that does not tell."""
    numbers = list(channels) if isinstance(channels, (list, tuple)) else [channels]
    if len(numbers) not in STRIDES_OF_SOME or not all(isinstance(number, int) for number in numbers):
        return None
    return [FeatureInfo(number, stride) for number, stride in zip(numbers, STRIDES_OF_SOME[len(numbers)])]
