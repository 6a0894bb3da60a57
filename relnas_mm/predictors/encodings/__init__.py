"""Encodings of architectures as arrays."""

from relnas_mm.predictors.encodings.catalog import ENCODINGS, KINDS, encoding_for, parameter_counts
from relnas_mm.predictors.encodings.encoding import Encoding

__all__ = ["ENCODINGS", "KINDS", "Encoding", "encoding_for", "parameter_counts"]
