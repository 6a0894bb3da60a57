"""Plots of searches and trainings, with a common style."""
