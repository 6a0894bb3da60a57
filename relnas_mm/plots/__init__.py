"""Plots of searches and trainings; `style.py` is what all plots share."""
