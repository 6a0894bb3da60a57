"""Parts of detectors that mmdet builds from its TASK_UTILS.  Needs mmdet."""

from relnas_mm.models.task_modules.clamped_ssd_anchors import ClampedSSDAnchorGenerator

__all__ = ["ClampedSSDAnchorGenerator"]
