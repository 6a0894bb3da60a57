"""Pairs of faces that are to be told apart."""

from relnas_mm.datasets.faces.pairs import FacePairs, read_pairs

__all__ = ["FacePairs", "read_pairs"]
