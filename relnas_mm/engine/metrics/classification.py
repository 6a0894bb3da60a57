"""Accuracy and confusion matrix of image classifiers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.registry import METRICS

from relnas_mm.errors import UserError


@METRICS.register_module()
class Accuracy(BaseMetric):
    """Top-k accuracy in percent.

    Args:
        topk: One or more values of k; results are `accuracy/top1` and so on.
        collect_device: As for any mm metric.
        prefix: As for any mm metric.

    Raises:
        UserError: A `k` is below 1.
    """

    default_prefix = "accuracy"

    def __init__(self, topk: Sequence[int] = (1, 5), collect_device: str = "cpu", prefix: str | None = None):
        super().__init__(collect_device, prefix)
        self.topk = (topk,) if isinstance(topk, int) else tuple(topk)
        if not self.topk or min(self.topk) < 1:
            raise UserError(f"topk of Accuracy is {topk!r}; they must be integers of at least 1")

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Stores the rank of the true class of each image; ties are ordered by class index."""
        scores = torch.stack([sample["pred_scores"] for sample in data_samples])
        labels = torch.stack([torch.as_tensor(sample["gt_label"], device=scores.device) for sample in data_samples])
        order = scores.argsort(dim=1, descending=True, stable=True)
        self.results += (order == labels[:, None]).int().argmax(dim=1).tolist()

    def compute_metrics(self, results: list[int]) -> dict[str, float]:
        """Computes accuracies from the ranks of the true classes."""
        ranks = np.array(results)
        return {f"top{k}": 100.0 * float((ranks < k).mean()) for k in self.topk}


@METRICS.register_module()
class ConfusionMatrix(BaseMetric):
    """Confusion matrix of true (rows) and predicted (columns) classes; logs the mean recall in percent.

    Args:
        out_dir: Folder for `confusion_matrix.csv` and `confusion_matrix.png`; `None` writes none.
        collect_device: As for any mm metric.
        prefix: As for any mm metric.
    """

    default_prefix = "confusion"

    def __init__(self, out_dir: str | None = None, collect_device: str = "cpu", prefix: str | None = None):
        super().__init__(collect_device, prefix)
        self.out_dir = None if out_dir is None else Path(out_dir)

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Stores the true and the predicted class of each image."""
        self.results += [(int(sample["gt_label"]), int(sample["pred_scores"].argmax())) for sample in data_samples]

    def compute_metrics(self, results: list[tuple[int, int]]) -> dict[str, float]:
        """Computes the matrix, writes the files, and returns the mean recall."""
        names = list((self.dataset_meta or {}).get("classes", ()))
        pairs = np.array(results)
        count = max(len(names), int(pairs.max()) + 1)
        matrix = np.zeros((count, count), dtype=np.int64)
        np.add.at(matrix, (pairs[:, 0], pairs[:, 1]), 1)
        if self.out_dir is not None:
            _write(matrix, names or [str(index) for index in range(count)], self.out_dir)
        present = matrix.sum(axis=1) > 0
        recall = matrix.diagonal()[present] / matrix.sum(axis=1)[present]
        return {"mean_recall": 100.0 * float(recall.mean())}


def _write(matrix: np.ndarray, names: Sequence[str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [",".join(["true/predicted", *names])]
    lines += [",".join([name, *map(str, row)]) for name, row in zip(names, matrix)]
    (folder / "confusion_matrix.csv").write_text("\n".join(lines) + "\n")
    _draw(matrix, names, folder / "confusion_matrix.png")


def _draw(matrix: np.ndarray, names: Sequence[str], path: Path) -> None:
    from matplotlib.figure import Figure

    side = min(4 + 0.25 * len(names), 20)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(matrix / matrix.sum(axis=1, keepdims=True).clip(min=1), cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="predicted", ylabel="true")
    if len(names) <= 40:
        axes.set_xticks(range(len(names)), names, rotation=90)
        axes.set_yticks(range(len(names)), names)
    if len(names) <= 12:
        for row, column in np.ndindex(matrix.shape):
            shade = matrix[row, column] / max(matrix[row].sum(), 1)
            axes.text(
                column,
                row,
                str(matrix[row, column]),
                ha="center",
                va="center",
                color="white" if shade > 0.5 else "black",
            )
    figure.savefig(path, dpi=100)
