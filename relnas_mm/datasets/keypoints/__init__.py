"""Keypoints in COCO's layout: checks that name the bad entry.  The data set itself is in `dataset` and needs mmpose."""

from relnas_mm.datasets.keypoints.annotations import check_annotations, why_unusable
from relnas_mm.datasets.keypoints.detections import check_detections

__all__ = ["check_annotations", "check_detections", "why_unusable"]
