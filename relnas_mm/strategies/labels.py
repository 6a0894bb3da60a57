"""What a predictor learns from: scores, made of the losses that a strategy was told."""

import numpy as np

from relnas_mm.strategies.strategy import comparable


def scores_of(losses: np.ndarray, generation: int = 0) -> np.ndarray:
    """Scores, higher is better, shape (n,); a candidate that diverged gets the worst one.

    Args:
        losses: In the order in which they were told, shape (n,).
        generation: How many of them share their circumstances: the median of such a group is taken off, since with
            shared weights early losses are higher.  0 compares all with all.
    """
    losses = comparable(losses)
    finite = losses[np.isfinite(losses)]
    scores = -np.where(np.isfinite(losses), losses, finite.max() if len(finite) else 0.0)
    if generation:
        for start in range(0, len(scores), generation):
            part = scores[start : start + generation]
            part -= np.median(part)
    return scores
