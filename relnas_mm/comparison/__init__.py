"""Comparing strategies: one space, one budget, many seeds; tables, tests and plots.  `tools/compare.py` runs it."""
