"""Evaluators score architectures."""

from relnas_mm.evaluators.base import Evaluation, Evaluator
from relnas_mm.evaluators.stand_alone import StandAloneEvaluator
from relnas_mm.evaluators.supernet import SupernetEvaluator
from relnas_mm.evaluators.tabular import TabularEvaluator
from relnas_mm.evaluators.zero_cost import ZeroCostEvaluator

__all__ = [
    "Evaluation",
    "Evaluator",
    "StandAloneEvaluator",
    "SupernetEvaluator",
    "TabularEvaluator",
    "ZeroCostEvaluator",
]
