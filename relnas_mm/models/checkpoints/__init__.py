"""Checkpoints: reading and writing the files, the original release's names, whether they fit a network, conversion."""
