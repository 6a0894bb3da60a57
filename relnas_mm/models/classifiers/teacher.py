"""Teachers of knowledge distillation: any classifier of an mm package, torchvision or timm."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from torch import Tensor, nn

from relnas_mm.compat import require
from relnas_mm.errors import UserError, shortened
from relnas_mm.models.checkpoints.files import read_checkpoint

LIBRARIES = ("torchvision", "timm")


class Distillation(nn.Module):
    """The loss by which a classifier learns from the logits of a teacher (Hinton et al., 2015).

    `weight * temperature² * KL(teacher || student)`, both softened by the temperature; the loss of the labels has the
    weight `1 - weight`.  The teacher is built when training starts, so that testing needs none; it is no part of
    checkpoints and is not trained.

    Args:
        model: The teacher: a config of a classifier of any mm package, `dict(type='torchvision', name='resnet50', …)`
            or `dict(type='timm', name='resnet50', …)` with further arguments of `get_model` or `create_model`.  It sees
            the student's normalized images.
        num_classes: Number of classes of the student.
        checkpoint: File with the weights of the teacher; `None` keeps those that it is built with, such as
            `weights='DEFAULT'` of torchvision or `pretrained=True` of timm.
        weight: Share of this loss, 0 < weight <= 1.
        temperature: Temperature, above 0.

    Raises:
        UserError: A value is out of range.
    """

    def __init__(
        self,
        model: Mapping[str, Any],
        num_classes: int,
        checkpoint: str | None = None,
        weight: float = 0.5,
        temperature: float = 1.0,
    ):
        super().__init__()
        if not 0 < weight <= 1:
            raise UserError(f"weight of the teacher is {weight!r}; it must be above 0 and at most 1")
        if not temperature > 0:
            raise UserError(f"temperature of the teacher is {temperature!r}; it must be above 0")
        self.weight, self.temperature, self.num_classes = weight, temperature, num_classes
        self.name = str(model.get("name", model.get("type")))
        self._model, self._checkpoint = model, checkpoint
        self._teacher: tuple[nn.Module, ...] = ()  # a tuple hides it from `state_dict`, `parameters` and `train`

    def prepare(self) -> nn.Module:
        """Builds the teacher, once.

        Raises:
            UserError: It cannot be built, or its checkpoint does not fit.
        """
        if not self._teacher:
            network = _build(self._model)
            if self._checkpoint is not None:
                _load(network, self._checkpoint, self.name)
            self._teacher = (network.eval().requires_grad_(False),)
        return self._teacher[0]

    def forward(self, inputs: Tensor, logits: Tensor) -> Tensor:
        """The loss of the student's logits, (n, num_classes), for normalized images, (n, 3, h, w).

        Raises:
            UserError: The teacher has another number of classes, or as `prepare`.
        """
        with torch.no_grad():
            wanted = self.prepare().to(inputs.device, inputs.dtype)(inputs)
        if wanted.shape != logits.shape:
            raise UserError(
                f"the teacher {self.name!r} returns {tuple(wanted.shape)} for {len(inputs)} images; logits of "
                f"{self.num_classes} classes are needed"
            )
        student = F.log_softmax(logits / self.temperature, 1)
        teacher = F.log_softmax(wanted / self.temperature, 1)
        loss = F.kl_div(student, teacher, reduction="batchmean", log_target=True)
        return self.weight * self.temperature**2 * loss


def build_distillation(config: Mapping[str, Any] | None, num_classes: int) -> Distillation | None:
    """Builds the loss of `teacher=`; `None` without one.

    Raises:
        UserError: As `Distillation`, or an argument is missing or unknown.
    """
    if config is None:
        return None
    try:
        return Distillation(num_classes=num_classes, **config)
    except TypeError as error:
        raise UserError(
            f"teacher is {shortened(repr(dict(config)))}; it takes model, checkpoint, weight and temperature ({error})"
        ) from None


def _build(config: Mapping[str, Any]) -> nn.Module:
    arguments = dict(config)
    kind = arguments.get("type")
    try:
        if kind not in LIBRARIES:
            return MODELS.build(arguments)
        del arguments["type"]
        library = require(kind, f"teachers of type {kind!r}")
        if kind == "torchvision":
            return library.models.get_model(**arguments)
        return library.create_model(arguments.pop("name", None), **arguments)
    except UserError:
        raise
    except Exception as error:  # builders of other packages raise many types
        raise UserError(
            f"the teacher {shortened(repr(dict(config)))} cannot be built: "
            f"{shortened(' '.join(str(error).split()), 200)}"
        ) from None


def _load(network: nn.Module, checkpoint: str, name: str) -> None:
    weights = read_checkpoint(checkpoint).weights
    own = network.state_dict()
    different = [key for key in own if key not in weights or weights[key].shape != own[key].shape]
    different += [key for key in weights if key not in own]
    if different:
        raise UserError(
            f"the checkpoint {checkpoint!r} does not fit the teacher {name!r}: {len(different)} weights differ, "
            f"the first is {different[0]!r}"
        )
    network.load_state_dict(dict(weights))
