"""Predictors: which of two architectures is better, learned from some that were scored."""

from relnas_mm.predictors.encodings import ENCODINGS, Encoding, encoding_for, parameter_counts
from relnas_mm.predictors.files import load_predictor, save_predictor
from relnas_mm.predictors.kendall import kendall_tau
from relnas_mm.predictors.predictor import Predictor
from relnas_mm.predictors.recipe import RECIPES, Recipe, recipe_of

__all__ = [
    "ENCODINGS",
    "RECIPES",
    "Encoding",
    "Predictor",
    "Recipe",
    "encoding_for",
    "kendall_tau",
    "load_predictor",
    "parameter_counts",
    "recipe_of",
    "save_predictor",
]
