"""Metrics of one process, also in a run of several, where each process scores a candidate of its own."""

from typing import Any

from mmengine.evaluator import Evaluator


def metrics_alone(evaluator: Evaluator, size: int) -> dict[str, float]:
    """Metrics of what this process has given to an evaluator; `Evaluator.evaluate` would gather from all processes.

    Args:
        evaluator: After `process` of all batches; its metrics are reset.
        size: Number of samples.
    """
    found: dict[str, float] = {}
    for metric in evaluator.metrics:
        given: Any = metric.compute_metrics(metric.results[:size])
        prefix = f"{metric.prefix}/" if metric.prefix else ""
        found |= {f"{prefix}{name}": float(value) for name, value in given.items() if _is_number(value)}
        metric.results.clear()
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) or (hasattr(value, "item") and getattr(value, "size", 1) == 1)
