"""Evaluators: how good is an architecture."""

from relnas_mm.evaluators.evaluator import Evaluation, Evaluator
from relnas_mm.evaluators.stand_alone import StandAloneEvaluator
from relnas_mm.evaluators.tabular import TabularEvaluator
from relnas_mm.evaluators.weight_set_evaluator import WeightSetEvaluator

__all__ = ["Evaluation", "Evaluator", "StandAloneEvaluator", "TabularEvaluator", "WeightSetEvaluator"]
