"""Networks whose output is a place in a space where distance means unlikeness."""

from relnas_mm.models.recognizers.arcface import ArcFaceRecognizer

__all__ = ["ArcFaceRecognizer"]
