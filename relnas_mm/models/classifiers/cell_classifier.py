"""Image classifiers on cell backbones."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch import Tensor, nn

from relnas_mm.errors import UserError
from relnas_mm.models.classifiers.auxiliary_head import AuxiliaryHead
from relnas_mm.models.classifiers.batch_augments import build_batch_augments
from relnas_mm.models.classifiers.teacher import build_distillation
from relnas_mm.models.pretrained import LoadsPretrained
from relnas_mm.networks import reduction_cells


@MODELS.register_module()
class CellClassifier(LoadsPretrained, BaseModel):
    """Cell backbone, global average pooling and a linear classifier, with an auxiliary classifier in training.

    The auxiliary classifier reads the output of the second reduction cell.  The reference implementation uses 36
    channels, 20 cells and auxiliary weight 0.4 on CIFAR; 46 channels, 14 cells, 0.4 and label smoothing 0.1 on
    ImageNet. State-dict keys are `backbone.*`, `auxiliary_head.*` and `classifier.*`; without `backbone.` they are
    those of the reference implementation.

    Args:
        backbone: Config of a `CellBackbone`.
        num_classes: Number of classes, at least 2.
        auxiliary_weight: Weight of the auxiliary loss; 0 builds no auxiliary head.
        label_smoothing: Label smoothing of both losses, 0 <= label_smoothing < 1.
        batch_augments: Mixing transforms, each `dict(type='MixUp' | 'CutMix', alpha=1.0, prob=…)`
            (`build_batch_augments`); by default none, as in the reference implementation.
        teacher: Arguments of `Distillation`, as `dict(model=…, weight=0.5)`, to learn from the logits of another
            classifier as well; by default none, as in the reference implementation.  It is no part of checkpoints.
        data_preprocessor: As for any mm model; `None` only moves data to the device.
        init_cfg: As for any mm model; `type='Pretrained'` reports loaded, missing and unexpected keys.

    Raises:
        UserError: A value is out of range.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        num_classes: int,
        auxiliary_weight: float = 0.4,
        label_smoothing: float = 0.0,
        batch_augments: Sequence[dict[str, Any]] = (),
        teacher: "dict[str, Any] | None" = None,
        data_preprocessor: "dict[str, Any] | nn.Module | None" = None,
        init_cfg: "dict[str, Any] | list[dict[str, Any]] | None" = None,
    ):
        super().__init__(data_preprocessor, init_cfg)  # type: ignore[arg-type]
        if num_classes < 2:
            raise UserError(f"num_classes is {num_classes!r}; it must be at least 2")
        if auxiliary_weight < 0:
            raise UserError(f"auxiliary_weight is {auxiliary_weight!r}; it must be at least 0")
        if not 0.0 <= label_smoothing < 1.0:
            raise UserError(f"label_smoothing is {label_smoothing!r}; it must be at least 0 and below 1")
        self.num_classes, self.auxiliary_weight, self.label_smoothing = num_classes, auxiliary_weight, label_smoothing
        self.backbone = MODELS.build({"out_indices": (2,), **backbone})
        plans = self.backbone.plans
        self._auxiliary_cell = reduction_cells(len(plans))[1]
        if auxiliary_weight:
            channels = plans[self._auxiliary_cell].out_channels
            self.auxiliary_head = AuxiliaryHead(channels, num_classes, self.backbone.stem_kind)
        self.classifier = nn.Linear(plans[-1].out_channels, num_classes)
        self.batch_augments = build_batch_augments(batch_augments, num_classes)
        self.distillation = build_distillation(teacher, num_classes)

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

    def logits(self, inputs: Tensor) -> "tuple[Tensor, Tensor | None]":
        """Logits of the classifier and, in training, of the auxiliary one, (n, num_classes) each."""
        output, auxiliary = inputs, None
        for index, output in enumerate(self.backbone.forward_body(*self.backbone.forward_stem(inputs))):
            if index == self._auxiliary_cell and self.training and self.auxiliary_weight:
                auxiliary = self.auxiliary_head(output)
        return self.classifier(torch.flatten(F.adaptive_avg_pool2d(output, 1), 1)), auxiliary
