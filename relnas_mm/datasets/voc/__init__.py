"""Validation of VOC annotations.  The data set is in `dataset`, which requires mmdet."""

from relnas_mm.datasets.voc.annotations import check_annotation, why_unusable

__all__ = ["check_annotation", "why_unusable"]
