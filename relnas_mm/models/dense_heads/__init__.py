"""Detection heads.  Requires mmdet."""

from relnas_mm.models.dense_heads.ssdlite_head import SSDLiteHead

__all__ = ["SSDLiteHead"]
