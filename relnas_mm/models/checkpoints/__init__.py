"""Checkpoints: files, names of the reference implementation, comparison with networks, and conversion."""
