"""Heads of detectors that mmdet lacks.  Needs mmdet."""

from relnas_mm.models.dense_heads.ssdlite_head import SSDLiteHead

__all__ = ["SSDLiteHead"]
