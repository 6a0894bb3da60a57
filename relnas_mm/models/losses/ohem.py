"""Cross-entropy with online hard example mining."""

import math

from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from relnas_mm.errors import UserError


@MODELS.register_module()
class OHEMCrossEntropy(nn.Module):
    """Mean cross-entropy over hard pixels, whose true class has a predicted probability below `threshold`.

    If these are fewer than `min_fraction` of the batch's pixels, that many of the hardest are used.  This is OHEM in
    the reference implementation of BiSeNet, whose 524,288 pixels are 1/16 of eight crops of 1024x1024.  mmseg's
    `OHEMPixelSampler` selects the same pixels, but averages over all, so the loss shrinks as fewer pixels are hard.

    Args:
        threshold: Probability, 0 < threshold <= 1.
        min_fraction: Least fraction of pixels to use, 0 <= min_fraction <= 1.
        loss_weight: Weight of the loss.
        loss_name: Key in the log; a prefix 'loss_' adds it to the total loss.

    Raises:
        UserError: `threshold` or `min_fraction` is out of range.
    """

    def __init__(
        self,
        threshold: float = 0.7,
        min_fraction: float = 1 / 16,
        loss_weight: float = 1.0,
        loss_name: str = "loss_ohem",
    ):
        super().__init__()
        if not 0 < threshold <= 1:
            raise UserError(f"threshold of OHEMCrossEntropy is {threshold!r}; it must be above 0 and at most 1")
        if not 0 <= min_fraction <= 1:
            raise UserError(f"min_fraction of OHEMCrossEntropy is {min_fraction!r}; it must be between 0 and 1")
        self.threshold, self.min_fraction = threshold, min_fraction
        self.loss_weight, self.loss_name = loss_weight, loss_name

    def forward(self, logits: Tensor, labels: Tensor, weight: Tensor | None = None, ignore_index: int = 255) -> Tensor:
        """Computes the loss of a batch, which is zero if all pixels are ignored.

        Args:
            logits: Logits, (n, classes, h, w).
            labels: Class indices, (n, h, w).
            weight: Weights of the pixels, (n, h, w).
            ignore_index: Label of ignored pixels.
        """
        valid = labels != ignore_index
        losses = F.cross_entropy(logits, labels, ignore_index=ignore_index, reduction="none")[valid]
        if weight is not None:
            losses = losses * weight[valid]
        hard = losses[losses > -math.log(self.threshold)]
        least = min(int(labels.numel() * self.min_fraction), losses.numel())
        if hard.numel() < least:
            hard = losses.topk(least).values
        return self.loss_weight * (hard.mean() if hard.numel() else logits.sum() * 0)
