"""Configs of detectors, segmentors and pose estimators with a cell as their backbone."""
