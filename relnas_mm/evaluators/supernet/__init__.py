"""Evaluation with shared weights: every candidate is a subnet of one supernet, the paper's weight set."""

from relnas_mm.evaluators.supernet.evaluator import SupernetEvaluator

__all__ = ["SupernetEvaluator"]
