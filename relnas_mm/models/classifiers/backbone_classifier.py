"""Image classifiers on any mm backbone, for baselines beside cells."""

from typing import Any

import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from torch import Tensor, nn

from relnas_mm.errors import UserError
from relnas_mm.models.classifiers.base import Classifier


@MODELS.register_module()
class BackboneClassifier(Classifier):
    """Any mm backbone, global average pooling of its last output, and a linear classifier.

    State-dict keys are `backbone.*` and `classifier.*`, so `init_cfg=dict(type='Pretrained', checkpoint=…,
    prefix='backbone.')` loads the features into the same backbone of a detector, segmentor or pose estimator.

    Args:
        backbone: Config of a backbone, such as `dict(type='mmdet.MobileNetV2', out_indices=(7,))`.
        in_channels: Channels of its last output.
        num_classes: Number of classes, at least 2.
        **kwargs: As for `Classifier`: `label_smoothing`, `batch_augments`, `teacher`, `data_preprocessor`, `init_cfg`.

    Raises:
        UserError: A value is out of range.
    """

    def __init__(self, backbone: dict[str, Any], in_channels: int, num_classes: int, **kwargs: Any):
        super().__init__(num_classes, **kwargs)
        if in_channels < 1:
            raise UserError(f"in_channels of BackboneClassifier is {in_channels!r}; it must be positive")
        self.backbone = MODELS.build(backbone)
        self.classifier = nn.Linear(in_channels, num_classes)

    def logits(self, inputs: Tensor) -> tuple[Tensor, None]:
        """Logits, (n, num_classes), and no auxiliary ones."""
        outputs = self.backbone(inputs)
        last = outputs[-1] if isinstance(outputs, (tuple, list)) else outputs
        if last.shape[1] != self.classifier.in_features:
            raise UserError(
                f"the backbone's last output has {last.shape[1]} channels, but in_channels of BackboneClassifier is "
                f"{self.classifier.in_features}"
            )
        return self.classifier(torch.flatten(F.adaptive_avg_pool2d(last, 1), 1)), None
