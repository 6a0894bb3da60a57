"""Cross entropy of the hardest pixels."""

import math

from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from relnas_mm.errors import UserError


@MODELS.register_module()
class OHEMCrossEntropy(nn.Module):
    """Mean cross entropy of the pixels whose class is given a probability below `threshold`.

    If these are fewer than `min_fraction` of all pixels of the batch, that many of the hardest count.  This is the
    released BiSeNet's online hard example mining: its 524,288 pixels are 1/16 of eight crops of 1024x1024.  mmseg's
    `OHEMPixelSampler` chooses the same pixels, but averages over all, so that the loss shrinks as fewer are hard.

    Args:
        threshold: Probability, 0 < threshold <= 1.
        min_fraction: At least that part of the pixels counts, 0 <= min_fraction <= 1.
        loss_weight: Factor.
        loss_name: Key in the log; what begins with 'loss_' is trained on.

    Raises:
        UserError: `threshold` or `min_fraction` is out of its range.
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
        """The loss of a batch; zero where all pixels are ignored.

        Args:
            logits: Scores, (n, classes, h, w).
            labels: Classes, integers (n, h, w).
            weight: Factors of the pixels, (n, h, w), for those that count.
            ignore_index: Pixels of this label do not count.
        """
        counts = labels != ignore_index
        losses = F.cross_entropy(logits, labels, ignore_index=ignore_index, reduction="none")[counts]
        if weight is not None:
            losses = losses * weight[counts]
        kept = losses[losses > -math.log(self.threshold)]
        least = min(int(labels.numel() * self.min_fraction), losses.numel())
        if kept.numel() < least:
            kept = losses.topk(least).values
        return self.loss_weight * (kept.mean() if kept.numel() else logits.sum() * 0)
