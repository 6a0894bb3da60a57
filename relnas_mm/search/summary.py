"""What a generation comes to: losses of fast and slow learners, diversity, size of the candidates."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from relnas_mm.search.records import GENERATION


def generation_record(candidates: Sequence[dict[str, Any]], upper: np.ndarray) -> dict[str, Any]:
    """The line of a generation.

    Args:
        candidates: The lines of its candidates.
        upper: Upper bounds of the space, shape (d,).

    Returns:
        `fast_loss` and `slow_loss` (means over teachers and students; of groups of one only the first), `best_loss`,
        `best` (number of the individual), `diversity` (mean distance to the centre of the population, each
        dimension in units of its range), `diverged` (candidates without a finite loss), the means of the metrics,
        and `seconds` in total.
    """
    sound = [line for line in candidates if line["loss"] is not None]
    best = min(sound, key=lambda line: line["loss"], default=None)
    vectors = np.array([line["vector"] for line in candidates]) / upper
    return {
        "type": GENERATION,
        "generation": candidates[0]["generation"],
        "fast_loss": mean([line["loss"] for line in sound if line["rank"] == 0]),
        "slow_loss": mean([line["loss"] for line in sound if line["rank"] > 0]),
        "best_loss": best and best["loss"],
        "best": best and best["number"],
        "accuracy": best and best.get("accuracy"),
        "diversity": float(np.linalg.norm(vectors - vectors.mean(axis=0), axis=1).mean()),
        "diverged": len(candidates) - len(sound),
        **{key: mean([line[key] for line in candidates if line.get(key) is not None]) for key in ("params", "macs")},
        "seconds": sum(line.get("seconds") or 0.0 for line in candidates),
        "architecture": best and best["architecture"],
    }


def mean(values: Sequence[float]) -> float | None:
    """The mean; `None` of nothing."""
    return float(np.mean(values)) if len(values) else None
