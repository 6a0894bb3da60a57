"""Verification: do two pictures show the same person."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.registry import METRICS

from relnas_mm.errors import UserError


@METRICS.register_module()
class Verification(BaseMetric):
    """Accuracy of pairs, in percent, as on Labeled Faces in the Wild, and what no threshold enters into.

    Pairs are cut into folds in their order; those of each fold are judged by the threshold that is best on all others.
    Results: `verification/accuracy` and `verification/accuracy_std` over the folds, `verification/auc` (area under the
    receiver operating characteristic) and `verification/eer` (equal error rate), all in percent.

    Args:
        folds: Number of folds.
        collect_device: As in any mm metric.
        prefix: As in any mm metric.

    Raises:
        UserError: There are fewer than two folds, fewer pairs than folds, or pairs of one kind only.
    """

    default_prefix = "verification"

    def __init__(self, folds: int = 10, collect_device: str = "cpu", prefix: str | None = None):
        super().__init__(collect_device, prefix)
        if folds < 2:
            raise UserError(f"folds of Verification is {folds!r}; it must be at least 2")
        self.folds = folds

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keeps similarity and label of each pair."""
        self.results += [(float(sample["similarity"]), int(sample["gt_label"])) for sample in data_samples]

    def compute_metrics(self, results: list[tuple[float, int]]) -> dict[str, float]:
        """Percentages."""
        similarity, same = np.array([pair[0] for pair in results]), np.array([pair[1] for pair in results], dtype=bool)
        if len(results) < self.folds or same.all() or not same.any():
            raise UserError(f"{len(results)} pairs, {same.sum()} of one person, cannot be judged in {self.folds} folds")
        fold = np.arange(len(results)) * self.folds // len(results)
        rights = []
        for number in range(self.folds):
            threshold = best_threshold(similarity[fold != number], same[fold != number])
            rights.append(((similarity >= threshold) == same)[fold == number].mean())
        auc, eer = separation(similarity, same)
        values = {"accuracy": np.mean(rights), "accuracy_std": np.std(rights), "auc": auc, "eer": eer}
        return {name: 100.0 * float(value) for name, value in values.items()}


def best_threshold(similarity: np.ndarray, same: np.ndarray) -> float:
    """The similarity from which on pairs are best called one person; halfway between two of them."""
    values = np.unique(similarity)
    thresholds = np.concatenate([[values[0]], (values[1:] + values[:-1]) / 2, [np.inf]])
    rights = [((similarity >= threshold) == same).mean() for threshold in thresholds]
    return float(thresholds[int(np.argmax(rights))])


def separation(similarity: np.ndarray, same: np.ndarray) -> tuple[float, float]:
    """Area under the receiver operating characteristic, and equal error rate; both from 0 to 1."""
    positive, negative = similarity[same], similarity[~same]
    wins = (positive[:, None] > negative).mean() + 0.5 * (positive[:, None] == negative).mean()
    thresholds = np.append(np.unique(similarity), np.inf)
    missed = np.array([(positive < threshold).mean() for threshold in thresholds])
    passed = np.array([(negative >= threshold).mean() for threshold in thresholds])
    nearest = int(np.argmin(np.abs(missed - passed)))
    return float(wins), float((missed[nearest] + passed[nearest]) / 2)
