"""Scores with shared weights: every candidate is a path of one supernet, the weight set of the paper."""

from relnas_mm.evaluators.supernet.evaluator import SupernetEvaluator

__all__ = ["SupernetEvaluator"]
