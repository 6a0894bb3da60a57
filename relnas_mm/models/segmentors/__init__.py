"""Segmentors.  Requires mmseg."""

from relnas_mm.models.segmentors.window_scores import WindowScoresEncoderDecoder

__all__ = ["WindowScoresEncoderDecoder"]
