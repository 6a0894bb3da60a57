"""Label maps: checks that name the bad file.  The data sets themselves are in `datasets` and need mmseg."""

from relnas_mm.datasets.segmentation.label_maps import check_label_map, lookup_table, read_label_map

__all__ = ["check_label_map", "lookup_table", "read_label_map"]
