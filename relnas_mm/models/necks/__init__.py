"""Necks for mm configs."""

from relnas_mm.models.necks.ssdlite_extras import SSDLiteExtras

__all__ = ["SSDLiteExtras"]
