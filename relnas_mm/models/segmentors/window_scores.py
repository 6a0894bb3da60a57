"""Scores of overlapping windows in sliding inference.  Requires mmseg."""

from typing import Any

from mmengine.registry import MODELS
from mmseg.models.segmentors import EncoderDecoder
from torch import Tensor

from relnas_mm.errors import UserError

SCORES = ("logits", "exp_softmax")


@MODELS.register_module()
class WindowScoresEncoderDecoder(EncoderDecoder):
    """mmseg's segmentor with a choice of the scores that are averaged over overlapping windows.

    `test_cfg.window_scores` is 'logits', as in mmseg, or 'exp_softmax', the exponential of the probabilities, as in the
    reference implementation of BiSeNet (which sums them, and so ranks classes equally).

    Args:
        **kwargs: As for mmseg's `EncoderDecoder`.

    Raises:
        UserError: `test_cfg.window_scores` is neither of the two.
    """

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        if self._window_scores not in SCORES:
            raise UserError(f"test_cfg.window_scores is {self._window_scores!r}; it must be one of {SCORES}")

    @property
    def _window_scores(self) -> str:
        return (self.test_cfg or {}).get("window_scores", "logits")

    def encode_decode(self, inputs: Tensor, batch_img_metas: list[dict]) -> Tensor:
        """Computes the scores of a window, or of whole images in mode 'whole'.

        Args:
            inputs: Normalized images, (n, 3, h, w).
            batch_img_metas: Meta information of each image.

        Returns:
            Scores, (n, classes, h, w).
        """
        logits = super().encode_decode(inputs, batch_img_metas)
        if self.test_cfg.mode == "slide" and self._window_scores == "exp_softmax":  # type: ignore[union-attr]
            return logits.softmax(dim=1).exp()
        return logits
