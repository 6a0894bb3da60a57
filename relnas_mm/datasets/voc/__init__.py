"""VOC annotations: checks that name the bad file.  The data set itself is in `dataset` and needs mmdet."""

from relnas_mm.datasets.voc.annotations import check_annotation, why_unusable

__all__ = ["check_annotation", "why_unusable"]
