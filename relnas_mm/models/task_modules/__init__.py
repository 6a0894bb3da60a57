"""Task modules of detectors.  Requires mmdet."""

from relnas_mm.models.task_modules.clamped_ssd_anchors import ClampedSSDAnchorGenerator

__all__ = ["ClampedSSDAnchorGenerator"]
