"""The self-contained HTML report of a pipeline."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from relnas_mm.architectures import load_genotype
from relnas_mm.errors import UserError
from relnas_mm.files import read_json
from relnas_mm.pipeline.plan import PipelinePlan
from relnas_mm.plots.embed import data_uri
from relnas_mm.plots.training import draw_curves, metric_curve
from relnas_mm.version import __version__

METRICS = "metrics.json"
REPORT = "report.html"
MAX_PICTURES = 8


def write_report(plan: PipelinePlan, seconds: dict[str, float]) -> Path:
    """Writes `report.html` and the plot of the training curves.

    Args:
        plan: A finished pipeline.
        seconds: Duration of each step.

    Returns:
        The path of the page.
    """
    environment = Environment(loader=PackageLoader("relnas_mm.pipeline", "."), autoescape=True)
    path = plan.work_dir / REPORT
    path.write_text(environment.get_template("report.html.j2").render(_content(plan, seconds)), encoding="utf-8")
    return path


def figures(plan: PipelinePlan) -> dict[str, Any]:
    """Results of a pipeline: its metric untrained, trained (best epoch) and on test images, and the cell's hash."""
    curve = metric_curve(plan.work_dir / "train", plan.metric)
    metrics = _metrics(plan)
    return {
        "metric": plan.metric,
        "untrained": curve.get(0),
        "trained": max(curve.values()),
        "test": metrics.get(plan.metric),
        "genotype": load_genotype(plan.work_dir / "search" / "genotype.json").hash,
    }


def _content(plan: PipelinePlan, seconds: dict[str, float]) -> dict[str, Any]:
    search, train = plan.work_dir / "search", plan.work_dir / "train"
    pictures = sorted((plan.work_dir / "test" / "pictures").rglob("*.jpg"))
    pictures += sorted((plan.work_dir / "test" / "pictures").rglob("*.png"))
    return {
        "version": __version__,
        **figures(plan),
        "metrics": _metrics(plan),
        "seconds": seconds,
        "genotype_path": search / "genotype.json",
        "cells": data_uri(search / "cells.png"),
        "search_curve": data_uri(search / "search_curve.png"),
        "training_curve": data_uri(draw_curves(train, plan.metric, plan.work_dir / "training_curve.png")),
        "pictures": [data_uri(picture) for picture in pictures[:MAX_PICTURES]],
    }


def _metrics(plan: PipelinePlan) -> dict[str, float | None]:
    path = plan.work_dir / METRICS
    metrics = read_json(path, f"the file of metrics {str(path)!r}")
    if not isinstance(metrics, dict) or not all(isinstance(v, (int, float, type(None))) for v in metrics.values()):
        raise UserError(f"the file of metrics {str(path)!r} is no object of numbers; remove the folder to start again")
    return metrics
