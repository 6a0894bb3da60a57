"""Models of all mm packages behind one signature: a batch of normalized images in, a tuple of tensors out."""

from collections.abc import Iterator
from typing import Any, Literal, cast

from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import MODELS, init_default_scope
from torch import Tensor, nn

from relnas_mm.analysis.input_shape import require_model
from relnas_mm.analysis.samples import detection_samples
from relnas_mm.errors import UserError
from relnas_mm.models import CellClassifier
from relnas_mm.models.pretrained import load_pretrained

Kind = Literal["classifier", "detector", "segmentor", "pose estimator", "model"]
Reach = Literal["head", "features", "backbone"]

BASES: dict[str, Kind] = {
    "mmdet.BaseDetector": "detector",
    "mmseg.BaseSegmentor": "segmentor",
    "mmpose.BasePoseEstimator": "pose estimator",
}
AUXILIARY = "auxiliary_head"
"""What both mmseg's segmentors and `CellClassifier` call the part that runs in training only."""


def build_model(config: Config, source: str, checkpoint: str | None = None, backbone_only: bool = False) -> nn.Module:
    """Builds the model of a config for one process, in evaluation mode.

    Args:
        config: A config of any mm package.
        source: Its path, for error messages.
        checkpoint: Weights to load; `None` leaves the model as it is built.
        backbone_only: Load those of the backbone alone.

    Raises:
        UserError: The config has no model, it cannot be built, or the checkpoint lacks weights of it.
    """
    require_model(config, source)
    init_default_scope(config.get("default_scope", "mmengine"))
    try:
        model: nn.Module = MODELS.build(config.model)
    except UserError:
        raise
    except Exception as error:  # the registries pass on whatever a constructor raises
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(f"the model of {source!r} cannot be built: {reason}") from error
    model = revert_sync_batchnorm(model)  # synchronized normalization needs several processes
    if checkpoint:
        load_weights(cast(Any, model).backbone if backbone_only else model, checkpoint)
    return model.eval()


def load_weights(model: nn.Module, checkpoint: str) -> None:
    """Loads weights that must be complete, but for what runs in training only.

    Raises:
        UserError: The file is missing or does not fit, or a weight is missing in it.
    """
    missing = [key for key in load_pretrained(model, checkpoint)["missing"] if not key.startswith(AUXILIARY)]
    if missing:
        name = type(model).__name__
        raise UserError(f"the checkpoint {checkpoint!r} lacks {len(missing)} weights of {name}, such as {missing[0]}")


def kind_of(model: nn.Module) -> Kind:
    """What a model is for; 'model' for what no mm package and not this one knows."""
    if isinstance(model, CellClassifier):
        return "classifier"
    for base in type(model).__mro__:  # by name, so that no mm package is imported for this
        kind = BASES.get(f"{base.__module__.split('.')[0]}.{base.__name__}")
        if kind:
            return kind
    return "model"


class Network(nn.Module):
    """An mm model, or its first parts, as a function of images alone.

    Args:
        model: A model as mm configs name it: `forward(inputs, …, mode='tensor')`.
        reach: How far to run: to the 'head' (logits, heat maps, box predictions; no post-processing), to the
            'features' that the head reads, or through the 'backbone' alone.
    """

    def __init__(self, model: nn.Module, reach: Reach = "head"):
        super().__init__()
        self.model, self.reach, self.kind = model, reach, kind_of(model)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Runs the network.

        Args:
            images: Normalized images, float (n, 3, h, w).

        Returns:
            The tensors of the output, in their order, however the model nests them.
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
    """The tensors of nested tuples, lists, mappings and mm's data elements."""
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, dict):
        yield from tensors_in(list(output.values()))
    elif isinstance(output, (list, tuple)):
        for part in output:
            yield from tensors_in(part)
    elif hasattr(output, "all_values"):
        yield from tensors_in(output.all_values())
