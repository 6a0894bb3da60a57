"""Pairs of faces for verification."""

from relnas_mm.datasets.faces.pairs import FacePairs, read_pairs

__all__ = ["FacePairs", "read_pairs"]
