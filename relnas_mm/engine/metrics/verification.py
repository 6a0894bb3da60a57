"""Face verification: whether two images show the same person."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.registry import METRICS

from relnas_mm.errors import UserError


@METRICS.register_module()
class Verification(BaseMetric):
    """Cross-validated accuracy of pairs as on Labeled Faces in the Wild, AUC and equal error rate, in percent.

    Pairs are split into consecutive folds; each fold is evaluated with the threshold that is best on the others.
    Results: `verification/accuracy` and `verification/accuracy_std` over the folds, `verification/auc` (area under the
    receiver operating characteristic) and `verification/eer` (equal error rate).

    Args:
        folds: Number of folds, at least 2.
        collect_device: As for any mm metric.
        prefix: As for any mm metric.

    Raises:
        UserError: There are fewer than two folds, fewer pairs than folds, or pairs of one class only.
    """

    default_prefix = "verification"

    def __init__(self, folds: int = 10, collect_device: str = "cpu", prefix: str | None = None):
        super().__init__(collect_device, prefix)
        if folds < 2:
            raise UserError(f"folds of Verification is {folds!r}; it must be at least 2")
        self.folds = folds

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Stores similarity and label of each pair."""
        self.results += [(float(sample["similarity"]), int(sample["gt_label"])) for sample in data_samples]

    def compute_metrics(self, results: list[tuple[float, int]]) -> dict[str, float]:
        """Computes the results in percent."""
        similarity, same = np.array([pair[0] for pair in results]), np.array([pair[1] for pair in results], dtype=bool)
        if len(results) < self.folds or same.all() or not same.any():
            raise UserError(f"{len(results)} pairs, {same.sum()} of one person, cannot be judged in {self.folds} folds")
        fold = np.arange(len(results)) * self.folds // len(results)
        accuracies = []
        for number in range(self.folds):
            threshold = best_threshold(similarity[fold != number], same[fold != number])
            accuracies.append(((similarity >= threshold) == same)[fold == number].mean())
        auc, eer = separation(similarity, same)
        values = {"accuracy": np.mean(accuracies), "accuracy_std": np.std(accuracies), "auc": auc, "eer": eer}
        return {name: 100.0 * float(value) for name, value in values.items()}


def best_threshold(similarity: np.ndarray, same: np.ndarray) -> float:
    """The threshold of similarity with the highest accuracy, halfway between two values."""
    values = np.unique(similarity)
    thresholds = np.concatenate([[values[0]], (values[1:] + values[:-1]) / 2, [np.inf]])
    accuracies = [((similarity >= threshold) == same).mean() for threshold in thresholds]
    return float(thresholds[int(np.argmax(accuracies))])


def separation(similarity: np.ndarray, same: np.ndarray) -> tuple[float, float]:
    """Area under the receiver operating characteristic, and equal error rate, both from 0 to 1."""
    positive, negative = similarity[same], similarity[~same]
    wins = (positive[:, None] > negative).mean() + 0.5 * (positive[:, None] == negative).mean()
    thresholds = np.append(np.unique(similarity), np.inf)
    false_rejects = np.array([(positive < threshold).mean() for threshold in thresholds])
    false_accepts = np.array([(negative >= threshold).mean() for threshold in thresholds])
    nearest = int(np.argmin(np.abs(false_rejects - false_accepts)))
    return float(wins), float((false_rejects[nearest] + false_accepts[nearest]) / 2)
