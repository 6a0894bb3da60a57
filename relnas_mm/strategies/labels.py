"""What a predictor learns from: scores, made of the losses that a strategy was told."""

import numpy as np

from relnas_mm.strategies.base import nonfinite_to_inf


def scores_of(losses: np.ndarray, generation_size: int = 0) -> np.ndarray:
    """Scores, higher is better, shape (n,); a candidate that diverged gets the worst one.

    Args:
        losses: In the order in which they were told, shape (n,).
        generation_size: How many of them share their circumstances: the median of such a group is taken off, since with
            shared weights early losses are higher.  0 compares all with all.
    """
    losses = nonfinite_to_inf(losses)
    finite = losses[np.isfinite(losses)]
    scores = -np.where(np.isfinite(losses), losses, finite.max() if len(finite) else 0.0)
    if generation_size:
        for start in range(0, len(scores), generation_size):
            part = scores[start : start + generation_size]
            part -= np.median(part)
    return scores
