"""Summary of a generation: losses of fast and slow learners, diversity and size of the candidates."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from relnas_mm.evaluators import Evaluation
from relnas_mm.search.progress import Progress
from relnas_mm.search.records import GENERATION
from relnas_mm.strategies import Group


def generation_record(candidates: Sequence[dict[str, Any]], upper: np.ndarray) -> dict[str, Any]:
    """Returns the record of a generation.

    Args:
        candidates: Records of its candidates.
        upper: Upper bounds of the space, shape (d,).

    Returns:
        `fast_loss` and `slow_loss` (means over teachers and students; with groups of one only the former),
        `best_loss`, `best` (number of the individual) and its `accuracy` and `architecture`, `diversity` (mean distance
        to the centroid of the population, each dimension scaled to [0, 1]), `diverged` (number of candidates without a
        finite loss), mean `params` and `macs`, and total `seconds`.
    """
    finite = [line for line in candidates if line["loss"] is not None]
    best = min(finite, key=lambda line: line["loss"], default=None)
    vectors = np.array([line["vector"] for line in candidates]) / upper
    return {
        "type": GENERATION,
        "generation": candidates[0]["generation"],
        "fast_loss": mean([line["loss"] for line in finite if line["rank"] == 0]),
        "slow_loss": mean([line["loss"] for line in finite if line["rank"] > 0]),
        "best_loss": best and best["loss"],
        "best": best and best["number"],
        "accuracy": best and best.get("accuracy"),
        "diversity": float(np.linalg.norm(vectors - vectors.mean(axis=0), axis=1).mean()),
        "diverged": len(candidates) - len(finite),
        **{key: mean([line[key] for line in candidates if line.get(key) is not None]) for key in ("params", "macs")},
        "seconds": sum(line.get("seconds") or 0.0 for line in candidates),
        "architecture": best and best["architecture"],
    }


def mean(values: Sequence[float]) -> float | None:
    """Mean of the values; `None` if there are none."""
    return float(np.mean(values)) if len(values) else None


def log_line(group: Group, evaluations: Sequence[Evaluation], progress: Progress) -> str:
    """Formats a group for the log."""
    losses = "  ".join(
        f"#{candidate.number} {evaluation.loss:.4f}" for candidate, evaluation in zip(group.candidates, evaluations)
    )
    return (
        f"generation {group.generation + 1}  group {group.index + 1}/{group.groups_in_generation}  loss {losses}  "
        f"[{progress.done}/{progress.total}]  eta {progress.eta}"
    )


def generation_line(record: dict[str, Any]) -> str:
    """Formats a generation for the log."""
    cells = [
        f"{label} {record[key]:.4g}"
        for key, label in (
            ("fast_loss", "fast"),
            ("slow_loss", "slow"),
            ("best_loss", "best"),
            ("accuracy", "accuracy of the best"),
            ("diversity", "diversity"),
            ("params", "params"),
            ("macs", "MACs"),
            ("diverged", "diverged"),
            ("seconds", "seconds"),
        )
        if record[key] is not None and (key != "diverged" or record[key])
    ]
    return f"generation {record['generation'] + 1} is done:  " + "  ".join(cells)
