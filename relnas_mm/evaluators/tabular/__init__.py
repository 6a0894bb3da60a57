"""Evaluation by lookup in tabular benchmarks."""

from relnas_mm.evaluators.tabular.evaluator import TabularEvaluator

__all__ = ["TabularEvaluator"]
