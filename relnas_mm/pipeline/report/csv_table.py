"""All scores as CSV, one row for each task, backbone and seed."""

import csv
import io
from typing import Any

from relnas_mm.pipeline.report.samples import finite_value
from relnas_mm.pipeline.results import Backbone, Results, Score, Task

COLUMNS = (
    *("task", "config", "backbone", "init", "seed", "state", "metric", "value", "unit"),
    *("params", "macs", "latency_ms", "device", "genotype", "seconds", "reason"),
)
"""Columns of the file; `genotype` is the SHA-256 of the cells."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What formulas of spreadsheets begin with."""


def scores_csv(results: Results) -> str:
    """Formats the scores as CSV (RFC 4180), in the order of the results.

    Figures that do not exist are empty. A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    tasks = {task.name: task for task in results.tasks}
    backbones = {backbone.name: backbone for backbone in results.backbones}
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for score in results.scores:
        row = _row(score, tasks.get(score.task), backbones.get(score.backbone), results.seeds[:1])
        writer.writerow([_cell(row.get(column)) for column in COLUMNS])
    return file.getvalue()


def _row(score: Score, task: Task | None, backbone: Backbone | None, first: tuple[int, ...]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "task": score.task,
        "backbone": score.backbone,
        "seed": score.seed,
        "state": score.state,
        "value": finite_value(score),
        "seconds": score.seconds,
        "reason": score.reason,
    }
    if task is not None:
        row |= {"config": task.config, "metric": task.metric, "unit": task.unit}
    if backbone is not None:
        architecture = backbone.architectures.get(score.seed)
        row |= {"init": backbone.init, "genotype": architecture.hash if architecture else None}
        if (cost := backbone.costs.get(score.task)) and _has_cost_of(backbone, score.seed, first):
            row |= {"params": cost.params, "macs": cost.macs, "latency_ms": cost.latency, "device": cost.device}
    return row


def _has_cost_of(backbone: Backbone, seed: int, first: tuple[int, ...]) -> bool:
    """Whether the cost of the first seed's network is that of another seed, which may have other cells."""
    return not first or backbone.architectures.get(seed) == backbone.architectures.get(first[0])


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
