"""Performance predictors rank architectures; they learn from evaluated ones."""

from relnas_mm.predictors.config import PREDICTOR_CONFIGS, PredictorConfig, predictor_config
from relnas_mm.predictors.encodings import ENCODINGS, Encoding, encoding_for, parameter_counts
from relnas_mm.predictors.files import load_predictor, save_predictor
from relnas_mm.predictors.kendall import kendall_tau
from relnas_mm.predictors.predictor import Predictor

__all__ = [
    "ENCODINGS",
    "PREDICTOR_CONFIGS",
    "Encoding",
    "Predictor",
    "PredictorConfig",
    "encoding_for",
    "kendall_tau",
    "load_predictor",
    "parameter_counts",
    "predictor_config",
    "save_predictor",
]
