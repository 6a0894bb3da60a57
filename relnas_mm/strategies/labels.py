"""Training labels of predictors, from the losses that a strategy was told."""

import numpy as np

from relnas_mm.strategies.base import nonfinite_to_inf


def scores_of(losses: np.ndarray, generation_size: int = 0) -> np.ndarray:
    """Scores, higher is better, shape (n,); diverged candidates get the worst finite score.

    Args:
        losses: Losses in the order of evaluation, shape (n,).
        generation_size: Number of consecutive losses from which their median is subtracted, as losses fall during a
            search with shared weights; 0 for no detrending.
    """
    losses = nonfinite_to_inf(losses)
    finite = losses[np.isfinite(losses)]
    scores = -np.where(np.isfinite(losses), losses, finite.max() if len(finite) else 0.0)
    if generation_size:
        for start in range(0, len(scores), generation_size):
            part = scores[start : start + generation_size]
            part -= np.median(part)
    return scores
