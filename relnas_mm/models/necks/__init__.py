"""Necks that mm lacks."""

from relnas_mm.models.necks.ssdlite_extras import SSDLiteExtras

__all__ = ["SSDLiteExtras"]
