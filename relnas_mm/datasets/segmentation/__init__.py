"""Validation of label maps.  The data sets are in `datasets`, which requires mmseg."""

from relnas_mm.datasets.segmentation.label_maps import check_label_map, lookup_table, read_label_map

__all__ = ["check_label_map", "lookup_table", "read_label_map"]
