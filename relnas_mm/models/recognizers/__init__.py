"""Metric learning: networks that compute embeddings."""

from relnas_mm.models.recognizers.arcface import ArcFaceRecognizer

__all__ = ["ArcFaceRecognizer"]
