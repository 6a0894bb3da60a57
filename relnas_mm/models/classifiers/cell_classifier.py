"""Image classifiers on cell backbones."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from torch import Tensor, nn

from relnas_mm.errors import UserError
from relnas_mm.models.classifiers.auxiliary_head import AuxiliaryHead
from relnas_mm.models.classifiers.base import Classifier
from relnas_mm.networks import reduction_cells


@MODELS.register_module()
class CellClassifier(Classifier):
    """Cell backbone, global average pooling and a linear classifier, with an auxiliary classifier in training.

    The auxiliary classifier reads the output of the second reduction cell.  The reference implementation uses 36
    channels, 20 cells and auxiliary weight 0.4 on CIFAR; 46 channels, 14 cells, 0.4 and label smoothing 0.1 on
    ImageNet. State-dict keys are `backbone.*`, `auxiliary_head.*` and `classifier.*`; without `backbone.` they are
    those of the reference implementation.

    Args:
        backbone: Config of a `CellBackbone`.
        num_classes: Number of classes, at least 2.
        auxiliary_weight: Weight of the auxiliary loss; 0 builds no auxiliary head.
        label_smoothing: As for `Classifier`, likewise the other arguments.
        batch_augments: Mixing transforms.
        teacher: Arguments of `Distillation`.
        data_preprocessor: As for any mm model.
        init_cfg: As for any mm model.

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
        super().__init__(num_classes, label_smoothing, batch_augments, teacher, data_preprocessor, init_cfg)
        if auxiliary_weight < 0:
            raise UserError(f"auxiliary_weight is {auxiliary_weight!r}; it must be at least 0")
        self.auxiliary_weight = auxiliary_weight
        self.backbone = MODELS.build({"out_indices": (2,), **backbone})
        plans = self.backbone.plans
        self._auxiliary_cell = reduction_cells(len(plans))[1]
        if auxiliary_weight:
            channels = plans[self._auxiliary_cell].out_channels
            self.auxiliary_head = AuxiliaryHead(channels, num_classes, self.backbone.stem_kind)
        self.classifier = nn.Linear(plans[-1].out_channels, num_classes)

    def logits(self, inputs: Tensor) -> "tuple[Tensor, Tensor | None]":
        """Logits of the classifier and, in training, of the auxiliary one, (n, num_classes) each."""
        output, auxiliary = inputs, None
        for index, output in enumerate(self.backbone.forward_body(*self.backbone.forward_stem(inputs))):
            if index == self._auxiliary_cell and self.training and self.auxiliary_weight:
                auxiliary = self.auxiliary_head(output)
        return self.classifier(torch.flatten(F.adaptive_avg_pool2d(output, 1), 1)), auxiliary
