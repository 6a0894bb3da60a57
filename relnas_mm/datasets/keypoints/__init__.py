"""Validation of keypoint annotations.  The data sets are in `dataset`, which requires mmpose."""

from relnas_mm.datasets.keypoints.annotations import check_annotations, why_unusable
from relnas_mm.datasets.keypoints.detections import check_detections

__all__ = ["check_annotations", "check_detections", "why_unusable"]
