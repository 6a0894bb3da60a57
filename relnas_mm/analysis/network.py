"""Models of all mm packages as functions from normalized images to a tuple of tensors."""

from collections.abc import Iterator
from typing import Any, Literal, cast

from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import MODELS, init_default_scope
from torch import Tensor, nn

from relnas_mm.analysis.input_shape import require_model
from relnas_mm.analysis.samples import detection_samples
from relnas_mm.errors import UserError
from relnas_mm.models.classifiers import Classifier
from relnas_mm.models.pretrained import load_pretrained

Kind = Literal["classifier", "detector", "segmentor", "pose estimator", "model"]
Reach = Literal["head", "features", "backbone"]

BASES: dict[str, Kind] = {
    "mmdet.BaseDetector": "detector",
    "mmseg.BaseSegmentor": "segmentor",
    "mmpose.BasePoseEstimator": "pose estimator",
}
AUXILIARY = "auxiliary_head"
"""Name of the training-only part of mmseg's segmentors and of `CellClassifier`."""


def build_model(config: Config, source: str, checkpoint: str | None = None, backbone_only: bool = False) -> nn.Module:
    """Builds the model of a config for a single process, in evaluation mode.

    Args:
        config: A config of any mm package.
        source: Its path, for error messages.
        checkpoint: Weights to load; `None` for the initial ones.
        backbone_only: Whether to load the backbone's weights only.

    Raises:
        UserError: The config has no model, the model cannot be built, or the checkpoint lacks weights.
    """
    require_model(config, source)
    init_default_scope(config.get("default_scope", "mmengine"))
    try:
        model: nn.Module = MODELS.build(config.model)
    except UserError:
        raise
    except Exception as error:  # constructors may raise anything
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(f"the model of {source!r} cannot be built: {reason}") from error
    model = revert_sync_batchnorm(model)  # SyncBatchNorm needs several processes
    if checkpoint:
        load_weights(cast(Any, model).backbone if backbone_only else model, checkpoint)
    return model.eval()


def load_weights(model: nn.Module, checkpoint: str) -> None:
    """Loads weights, which must be complete except for training-only parts.

    Raises:
        UserError: The file is missing, does not match the model, or lacks a weight.
    """
    missing = [key for key in load_pretrained(model, checkpoint)["missing"] if not key.startswith(AUXILIARY)]
    if missing:
        name = type(model).__name__
        raise UserError(f"the checkpoint {checkpoint!r} lacks {len(missing)} weights of {name}, such as {missing[0]}")


def kind_of(model: nn.Module) -> Kind:
    """Kind of a model; 'model' if it is unknown."""
    if isinstance(model, Classifier):
        return "classifier"
    for base in type(model).__mro__:  # by name, without importing mm packages
        kind = BASES.get(f"{base.__module__.split('.')[0]}.{base.__name__}")
        if kind:
            return kind
    return "model"


class Network(nn.Module):
    """An mm model, or its first parts, as a function of images.

    Args:
        model: A model with mm's interface, `forward(inputs, …, mode='tensor')`.
        reach: Last part to run: the 'head' (logits, heat maps, box predictions; no post-processing), the 'features'
            that the head reads, or the 'backbone'.
    """

    def __init__(self, model: nn.Module, reach: Reach = "head"):
        super().__init__()
        self.model, self.reach, self.kind = model, reach, kind_of(model)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Runs the network.

        Args:
            images: Normalized images, float (n, 3, h, w).

        Returns:
            The tensors of the output, flattened in order.
        """
        model = cast(Any, self.model)
        if self.reach == "backbone":
            return tuple(tensors_in(model.backbone(images)))
        if self.reach == "features":
            return tuple(tensors_in(model.extract_feat(images)))
        if self.kind == "detector":
            count, _, height, width = map(int, images.shape)
            samples = detection_samples(count, (height, width), images.device)
            return tuple(tensors_in(model(images, samples, mode="tensor")))
        if self.kind in BASES.values():
            return tuple(tensors_in(model(images, None, mode="tensor")))
        return tuple(tensors_in(model(images, mode="tensor")))


def tensors_in(output: Any) -> Iterator[Tensor]:
    """Yields the tensors in nested tuples, lists, mappings and mm data elements."""
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, dict):
        yield from tensors_in(list(output.values()))
    elif isinstance(output, (list, tuple)):
        for part in output:
            yield from tensors_in(part)
    elif hasattr(output, "all_values"):
        yield from tensors_in(output.all_values())
