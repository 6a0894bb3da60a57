"""Searches whose candidates are the backbones of detectors, segmentors, pose estimators or classifiers."""

from relnas_mm.downstream.evaluator import DownstreamEvaluator

__all__ = ["DownstreamEvaluator"]
