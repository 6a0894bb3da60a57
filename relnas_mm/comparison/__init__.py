"""Comparisons of strategies on one space with one budget and many seeds, run by `tools/compare.py`."""
