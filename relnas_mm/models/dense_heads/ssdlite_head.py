"""The SSDLite head of the RelativeNAS paper, based on mmdet's SSD head.  Requires mmdet."""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from mmdet.models.dense_heads import SSDHead
from mmdet.utils import ConfigType, OptConfigType, OptMultiConfig
from mmengine.registry import MODELS
from mmengine.structures import InstanceData
from torch import Tensor, nn

from relnas_mm.errors import UserError

BACKGROUNDS = ("first", "last")


@MODELS.register_module()
class SSDLiteHead(SSDHead):
    """SSD head with separable convolutions: depthwise 3x3, batch normalization, ReLU6, 1x1; 1x1 only on the last level.

    Matching and losses are mmdet's, which equal those of the reference implementation: cross-entropy with 3 hard
    negatives per positive and smooth L1, both divided by the number of positives.  As in the reference implementation,
    depthwise convolutions have biases, and weights have PyTorch's default initialization.

    `test_cfg` may contain `candidates_per_class`, the number of highest-scoring boxes of each class that enter
    non-maximum suppression.  mmdet limits them per level (`nms_pre`) and over all classes (`max_per_img`, `None` for no
    limit).

    Args:
        num_classes: Number of classes without background.
        in_channels: Channels of each level.
        anchor_generator: As for mmdet's `SSDHead`.
        bbox_coder: As for mmdet's `SSDHead`.
        background: Position of the background class in the classifier's weights: 'last' as in mmdet, or 'first' as in
            the reference implementation.  It is last in the head's outputs in any case.
        reg_decoded_bbox: As for mmdet's `SSDHead`.
        train_cfg: As for mmdet's `SSDHead`.
        test_cfg: As for mmdet's `SSDHead`, with `candidates_per_class`.
        init_cfg: As for any mm module.

    Raises:
        UserError: `background` is neither of the two.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: Sequence[int],
        anchor_generator: ConfigType,
        bbox_coder: ConfigType,
        background: Literal["first", "last"] = "last",
        reg_decoded_bbox: bool = False,
        train_cfg: OptConfigType = None,
        test_cfg: OptConfigType = None,
        init_cfg: OptMultiConfig = None,
    ):
        if background not in BACKGROUNDS:
            raise UserError(f"background is {background!r}; it must be one of {BACKGROUNDS}")
        super().__init__(
            num_classes=num_classes,
            in_channels=in_channels,
            anchor_generator=anchor_generator,
            bbox_coder=bbox_coder,
            reg_decoded_bbox=reg_decoded_bbox,
            train_cfg=train_cfg,
            test_cfg=test_cfg,
            init_cfg=init_cfg,  # type: ignore[arg-type]
        )
        self.background = background

    def _init_layers(self) -> None:
        last = len(self.in_channels) - 1
        self.cls_convs, self.reg_convs = nn.ModuleList(), nn.ModuleList()
        for level, (channels, priors) in enumerate(zip(self.in_channels, self.num_base_priors, strict=True)):
            for branch, outputs in ((self.cls_convs, self.cls_out_channels), (self.reg_convs, 4)):
                predict = nn.Conv2d(channels, priors * outputs, 1)
                branch.append(predict if level == last else nn.Sequential(*_depthwise(channels), predict))

    def forward(self, x: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Predicts class scores and box offsets of all anchors.

        Args:
            x: One feature map per level, (n, in_channels[i], h_i, w_i).

        Returns:
            Scores of each level, (n, anchors * (num_classes + 1), h_i, w_i), background last; offsets, (n, anchors * 4,
            h_i, w_i).
        """
        scores, offsets = super().forward(x)  # type: ignore[arg-type]
        if self.background == "first":
            scores = [s.unflatten(1, (-1, self.cls_out_channels)).roll(-1, 2).flatten(1, 2) for s in scores]
        return scores, offsets

    def _bbox_post_process(self, results: InstanceData, cfg: Any, *args: Any, **kwargs: Any) -> InstanceData:
        candidates = cfg.get("candidates_per_class")
        if candidates is not None:
            results = results[best_of_each_class(results.get("scores"), results.get("labels"), candidates)]
        return super()._bbox_post_process(results, cfg, *args, **kwargs)


def best_of_each_class(scores: Tensor, labels: Tensor, n: int) -> Tensor:
    """Indices of the `n` highest scores of each label.

    Args:
        scores: Scores of boxes, (boxes,).
        labels: Class indices of boxes, (boxes,).
        n: Number of boxes per class.
    """
    order = scores.argsort(descending=True)
    order = order[labels[order].argsort(stable=True)]
    counts = labels.bincount()
    first = counts.cumsum(0) - counts
    rank = torch.arange(len(order), device=order.device) - first[labels[order]]
    return order[rank < n]


def _depthwise(channels: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(channels, channels, 3, padding=1, groups=channels), nn.BatchNorm2d(channels), nn.ReLU6()
