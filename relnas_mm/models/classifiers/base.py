"""What image classifiers share: MMEngine's modes, losses, mixing of images, and a teacher."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from mmengine.model import BaseModel
from torch import Tensor, nn

from relnas_mm.errors import UserError
from relnas_mm.models.classifiers.batch_augments import build_batch_augments
from relnas_mm.models.classifiers.teacher import build_distillation
from relnas_mm.models.pretrained import LoadsPretrained


class Classifier(LoadsPretrained, BaseModel):
    """An image classifier; subclasses compute logits.

    Args:
        num_classes: Number of classes, at least 2.
        label_smoothing: Label smoothing of all losses, 0 <= label_smoothing < 1.
        batch_augments: Mixing transforms, each `dict(type='MixUp' | 'CutMix', alpha=1.0, prob=…)`
            (`build_batch_augments`); by default none, as in the reference implementation.
        teacher: Arguments of `Distillation`, as `dict(model=…, weight=0.5)`, to learn from the logits of another
            classifier as well; by default none, as in the reference implementation.  It is no part of checkpoints.
        data_preprocessor: As for any mm model; `None` only moves data to the device.
        init_cfg: As for any mm model; `type='Pretrained'` reports loaded, missing and unexpected keys.

    Raises:
        UserError: A value is out of range.
    """

    auxiliary_weight: float = 0.0

    def __init__(
        self,
        num_classes: int,
        label_smoothing: float = 0.0,
        batch_augments: Sequence[dict[str, Any]] = (),
        teacher: "dict[str, Any] | None" = None,
        data_preprocessor: "dict[str, Any] | nn.Module | None" = None,
        init_cfg: "dict[str, Any] | list[dict[str, Any]] | None" = None,
    ):
        super().__init__(data_preprocessor, init_cfg)  # type: ignore[arg-type]
        if num_classes < 2:
            raise UserError(f"num_classes is {num_classes!r}; it must be at least 2")
        if not 0.0 <= label_smoothing < 1.0:
            raise UserError(f"label_smoothing is {label_smoothing!r}; it must be at least 0 and below 1")
        self.num_classes, self.label_smoothing = num_classes, label_smoothing
        self.batch_augments = build_batch_augments(batch_augments, num_classes)
        self.distillation = build_distillation(teacher, num_classes)

    @abstractmethod
    def logits(self, inputs: Tensor) -> "tuple[Tensor, Tensor | None]":
        """Logits of the classifier and, in training, of an auxiliary one if there is one, (n, num_classes) each."""

    def init_weights(self) -> None:
        """Initializes the weights by `init_cfg`, and builds the teacher, as training starts."""
        super().init_weights()
        if self.distillation is not None:
            self.distillation.prepare()

    def forward(  # type: ignore[override]  # as in MMEngine, where samples are a list and not one tensor
        self, inputs: Tensor, data_samples: "Tensor | None" = None, mode: str = "tensor"
    ) -> "Tensor | dict[str, Tensor] | list[dict[str, Tensor]]":
        """Runs the model in one of MMEngine's modes.

        Args:
            inputs: Normalized images, (n, 3, h, w).
            data_samples: Class indices, (n,), int64, required for losses.
            mode: 'tensor' for logits, (n, num_classes); 'loss' for a dict of losses; 'predict' for a list of dicts with
                `pred_scores`, (num_classes,), and, if known, `gt_label`.
        """
        if mode == "loss":
            assert data_samples is not None
            return self.loss(inputs, data_samples)
        logits, _ = self.logits(inputs)
        if mode == "tensor":
            return logits
        scores = logits.float().softmax(dim=1)
        if data_samples is None:
            return [{"pred_scores": row} for row in scores]
        return [{"pred_scores": row, "gt_label": label} for row, label in zip(scores, data_samples)]

    def loss(self, inputs: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Cross-entropy losses of the classifier and, weighted, of the auxiliary one, for class indices, (n,).

        With a teacher, the first makes room for `loss_distillation`.
        """
        if self.batch_augments is not None and self.training:
            inputs, labels = self.batch_augments(inputs, labels)
        logits, auxiliary = self.logits(inputs)
        losses = {"loss_cls": F.cross_entropy(logits, labels, label_smoothing=self.label_smoothing)}
        if auxiliary is not None:
            loss = F.cross_entropy(auxiliary, labels, label_smoothing=self.label_smoothing)
            losses["loss_aux"] = self.auxiliary_weight * loss
        if self.distillation is not None:
            losses["loss_cls"] = (1 - self.distillation.weight) * losses["loss_cls"]
            losses["loss_distillation"] = self.distillation(inputs, logits)
        return losses
